// The failures that a drill author can choose from. Each returns proof of what it destroyed, and what survived.
export { everyNode as destroyAllNodes } from './every-node.ts';
