/** What no check of evidence can show, however it was made. Printed by the verifier and on pages of evidence. */
export const EVIDENCE_LIMITS = [
  'that every run was recorded: runs before the first entry, or with another ledger, leave no trace here',
  'that the machine which ran the drills was honest: who controls it, and the key, can write any journal',
  'that the scope is the right one: whether these drills and objects are those that your business needs',
  'that the backup which you have can be restored: a drill tests the method on its own data',
] as const;
