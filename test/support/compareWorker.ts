/**
 * The process of a run in tests of comparisons. It also knows the tests' random search. If a file called `lose` lies
 * beside the runs, it kills itself once its own log has enough lines.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import { serve } from '../../src/shell/compare/serve.js'
import { registry, some } from '../../src/shell/record/Methods.js'
import { sampleAndDescend } from './sampleAndDescend.js'

process.on('message', (message: unknown) => {
  const folder: unknown =
    typeof message === 'object' && message !== null && 'folder' in message ? message.folder : null
  if (typeof folder !== 'string' || !folder.includes('lost')) return
  const log = join(folder, 'run.jsonl')
  setInterval(() => {
    if (!existsSync(join(dirname(folder), 'lose')) || !existsSync(log)) return
    if (readFileSync(log, 'utf8').split('\n').length > 4) process.kill(process.pid, 'SIGKILL')
  }, 1)
})

serve(registry(some(bilevel), some(sampleAndDescend)))
