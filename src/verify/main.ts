#!/usr/bin/env node
// The verifier as a program without the rest of swarm-drill: node src/verify/main.ts <run or reports directory>.
import { runVerifier } from './run.ts';

process.exitCode = await runVerifier(process.argv.slice(2));
