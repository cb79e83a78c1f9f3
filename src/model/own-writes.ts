// The writes that swarm-drill itself makes to the restored workload before the checks run. They were not backed up, so no check may
// take them for a difference.

/** Returns an id for the write that shows that the workload answers again. */
export const firstResponseId = (attempt: number): string => `first-response-${Date.now()}-${attempt}`;

/** Returns whether a name has such an id in it: a workload may store each write as a file of that name. */
export const namesOwnWrite = (name: string): boolean => /first-response-\d{13}-\d+/.test(name);
