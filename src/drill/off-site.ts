// What every drill proves of its vault, without its author's asking: it shares nothing with the swarm and outlived it, and it tells
// nothing to whoever gets hold of its disk.
import type { Check } from '../model/check.ts';
import type { Proof } from '../vault/proof.ts';

export const vaultStandsApart = (prove: () => Promise<Proof>): Check => ({
  name: 'the vault stands apart from the swarm',
  required: true,
  covers: [],
  doesNotProve: 'that it outlives the machine that the lab runs on: in production that is another site',
  observe: prove,
});

export const vaultTellsNothing = (prove: () => Promise<Proof>): Check => ({
  name: 'the vault tells nothing without its key',
  required: true,
  covers: [],
  doesNotProve: 'that the cipher is strong; age and the programs of the repositories answer for that',
  observe: prove,
});
