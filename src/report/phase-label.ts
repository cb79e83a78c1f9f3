// What people read for a phase, on the page and on the terminal.
import type { Phase } from '../drill/events.ts';

/** Returns the phase in lower-case words: its own name, or a plainer one. */
export const phaseLabel = (phase: Phase): string => (phase === 'first-response' ? 'service answers' : phase);
