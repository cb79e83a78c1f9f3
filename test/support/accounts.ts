// For tests that inspect or change the accounts that a method gets.
import type { Account } from '../../src/model/account.ts';
import type { Method } from '../../src/model/method.ts';
import type { Volume } from '../../src/method/container/volume.ts';

/** Returns the method with every account that it gets passed through `pass`. */
export const passingAccounts = <Result>(
  method: Method<Volume, Volume, Result>,
  pass: (account: Account) => Account,
): Method<Volume, Volume, Result> => ({
  ...method,
  backup: (source, writer) =>
    method.backup(source, {
      ...writer,
      account: async (...which) => pass(await writer.account(...which)),
    }),
  restore: (artifact, target) =>
    method.restore(
      { ...artifact, account: async (...which) => pass(await artifact.account(...which)) },
      target,
    ),
});
