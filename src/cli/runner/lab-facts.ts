// The part of an open lab that can be handed to a worker.
import type { Lab, LabFacts } from '../../lab/lab.ts';

export const toLabFacts = ({ host, kind, description, images, template }: Lab): LabFacts => ({
  host,
  kind,
  description,
  images,
  template,
});
