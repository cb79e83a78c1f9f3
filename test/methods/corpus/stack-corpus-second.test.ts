// The second half of the corpus of stacks.
import { testCorpus } from '../../support/stack-corpus.ts';

testCorpus({ part: 1, of: 2 });
