#!/usr/bin/env node
import { programVersion } from '../base/package.js'

// The reader of a pipe may close it early (`bilevel doctor | head -1`); that is not an error.
process.stdout.on('error', () => process.exit(0))

const argv = process.argv.slice(2)

/** The version alone needs none of the commands, and they take longer to load than Node to start. */
const asksForVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')

const run = async (): Promise<number> => {
  if (asksForVersion) {
    process.stdout.write(`${programVersion()}\n`)
    return 0
  }
  const { commandLine } = await import('./commandLine.js')
  return commandLine({
    out: text => process.stdout.write(text),
    err: text => process.stderr.write(text),
  })(argv)
}

void run().then(code => {
  process.exitCode = code
})
