/** A child process that computes without a break, so that no event of its main thread ever comes. */
import { endWithParent } from '../../src/shell/compare/endWithParent.js'

endWithParent()
process.send?.('busy', () => {
  for (;;);
})
