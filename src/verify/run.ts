// Runs the verifier for a command line: reads its arguments, verifies, prints, and returns the exit code.
import { EVIDENCE_LIMITS } from '../report/evidence-limits.ts';
import { describeError, DrillError } from '../support/errors.ts';
import { parseArguments, USAGE } from './arguments.ts';
import { renderVerification } from './print.ts';
import { verifyEvidence } from './verify.ts';

const USAGE_ERROR = 64;

/** @returns the exit code */
export async function runVerifier(args: readonly string[]): Promise<number> {
  try {
    const request = parseArguments(args);
    if (request === 'help') {
      console.log(USAGE);
      return 0;
    }
    const verification = await verifyEvidence(request.target, request.pinned);
    console.log(
      request.json
        ? JSON.stringify({ ...verification, limits: EVIDENCE_LIMITS }, null, 2)
        : renderVerification(verification),
    );
    return verification.exitCode;
  } catch (error) {
    if (!(error instanceof DrillError) || error.blame !== 'usage') throw error;
    console.error(`swarm-drill verify: ${describeError(error)}`);
    return USAGE_ERROR;
  }
}
