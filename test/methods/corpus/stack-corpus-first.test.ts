// The first half of the corpus of stacks.
import { testCorpus } from '../../support/stack-corpus.ts';

testCorpus({ part: 0, of: 2 });
