// The facts about an open lab that can be passed to a worker.
import type { Lab, LabFacts } from '../../lab/lab.ts';

export const toLabFacts = ({
  host,
  address,
  kind,
  description,
  log,
  images,
  template,
  missingEngines = [],
}: Lab): LabFacts => ({
  host,
  ...(address !== undefined && { address }),
  kind,
  description,
  ...(log !== undefined && { log }),
  images,
  template,
  missingEngines,
});
