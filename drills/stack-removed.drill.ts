// A stack is removed by mistake: services, network, secret and config are gone, the volume stays. The stack is deployed again from
// the commit that was recorded while it ran, so that it is the same code, and finds its volume. Its network has its old subnet because the
// file names it: the engine gives another one to a network that is created again, and firewalls of other hosts would not know it.
// https://github.com/moby/moby/issues/36328: a swarm can't give back what was removed, and a work tree may be ahead of what ran.
import { baselines, checks, disasters, drill, methods, seconds, type Swarm } from 'swarm-drill';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { sealNotesSecrets, withNotesRepository } from '../fixtures/notes/sources.ts';
import { NAMED_SUBNET } from '../fixtures/notes/variants.ts';

const STACK = { changes: NAMED_SUBNET };

export default drill('stack removed: the recorded commit finds its volume again', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: seconds(60), rpo: seconds(1) },
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size, ...STACK });
    return { app: pad, pad, secrets: await sealNotesSecrets(swarm) };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await pad.contents() };
  },
  async backup({ swarm, vault, seeded: { secrets } }) {
    const stack = await withNotesRepository(swarm, (source) => vault.keep(methods.gitStack(), source), STACK);
    // The sealed file and its key are kept outside of the swarm, like the repository.
    const restoreInto = (target: Swarm) => stack.restoreInto({ swarm: target, secrets });
    return { stack: { name: stack.name, restoreInto } };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeStack(swarm, notes.stack),
  async restore({ kept, survivors: swarm }) {
    await kept.stack.restoreInto(swarm);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...pad.checks(baseline.contents),
  ],
});
