// A manifest as a backup writes it, for tests that have no swarm; without files.
import { FORMAT, type Manifest, VERSION } from '../../src/swarm-backup/file/manifest.ts';

export const sampleManifest: Manifest = {
  format: FORMAT,
  version: VERSION,
  id: '0123456789abcdef0123456789abcdef',
  createdAt: '2026-11-23T02:15:07.123Z',
  tool: 'swarm-drill 0.1.0',
  engine: '26.1.5',
  cluster: { id: 'eujwx4gx77rx5lc3tww5b7cx4', caDigest: 'a'.repeat(64), autolock: false, managers: 1 },
  node: { id: 'rmp9eiiz146mdh76ounbuon5e', name: 'manager-1', address: '172.31.240.11', addressIsOwn: true },
  init: {
    ListenAddr: '0.0.0.0:2377',
    AdvertiseAddr: '172.31.240.11:2377',
    DataPathAddr: '',
    DataPathPort: 4789,
    DefaultAddrPool: ['10.0.0.0/8'],
    SubnetSize: 24,
    Spec: { Name: 'default' },
  },
  objects: { nodes: [], services: [], networks: [], secrets: [], configs: [] },
  files: [],
};
