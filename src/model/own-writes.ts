// The writes that swarm-drill itself makes after the baseline was recorded. They are in no baseline, so no check may take them for a
// difference.

/** Returns an id for the write that shows that the workload answers again. */
export const firstResponseId = (attempt: number): string => `first-response-${Date.now()}-${attempt}`;

/** Returns an id for one of the writes that go on through the disaster. */
export const continuousId = (attempt: number): string => `continuous-${Date.now()}-${attempt}`;

/** Returns whether a name has such an id in it: a workload may store each write as a file of that name. */
export const namesOwnWrite = (name: string): boolean => /(first-response|continuous)-\d{13}-\d+/.test(name);
