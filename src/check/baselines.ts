// What a drill author records before the backup, for a check to compare the restored swarm with.
export { readManifest as files } from './files/manifest.ts';
export { readIdentity as identity } from './swarm/identity.ts';
export { readMountedFiles as mountedFiles } from './mounted.ts';
export { readRootCertificate as rootCertificate } from './swarm/root-rotation.ts';
export { readMountedVolumes as mountedVolumes } from './volumes/mounted-volumes.ts';
