// Sample journals, so that report and pages can be built and looked at without a cluster.
import type { JournalEvent } from '../../../src/drill/events.ts';
import { METHODS, methodSample } from './methods.ts';
import { totalLossSample } from './total-loss.ts';

export { asText } from './recorder.ts';

/** A total loss from which everything came back in time. */
export const recoveredSample = (): JournalEvent[] => totalLossSample({ recovered: true });

/** The same drill, but three rows came back wrong. */
export const notRecoveredSample = (): JournalEvent[] => totalLossSample({ recovered: false });

/** The same drill, killed while the database came back. */
export const inconclusiveSample = (): JournalEvent[] => notRecoveredSample().filter(({ t }) => t < 80);

/** Drills that compare methods: one that keeps all, one that loses what it says, one that loses more. */
export const methodSamples = (): JournalEvent[][] => METHODS.map(methodSample);
