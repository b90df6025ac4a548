import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInput } from '../../../../src/shell/data/formats/readInput.js'
import { withPipes } from '../../../support/pipes.js'
import { left } from '../../../support/recordedRun.js'

describe('a file of data', () => {
  it.runIf(process.platform !== 'win32').each(['a pipe', 'a device', 'a folder'])(
    'that is %s is refused',
    kind =>
      withPipes(['images'], async folder => {
        const path =
          { 'a pipe': join(folder, 'images'), 'a device': '/dev/zero', 'a folder': folder }[kind] ?? ''
        const read = await readInput({ path, what: 'the images', advice: 'Name another one.' })()
        const { _tag, message } = left(read)
        expect(_tag).toBe('BadInput')
        expect(message).toContain(kind === 'a folder' ? 'it is a folder' : 'not a regular file')
      }),
  )
})
