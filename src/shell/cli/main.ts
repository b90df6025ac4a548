#!/usr/bin/env node
import { programVersion } from '../base/package.js'
import { safely } from './safely.js'

const { out, err, lost } = safely(process)

const argv = process.argv.slice(2)

/** The version alone needs none of the commands, and they take longer to load than Node to start. */
const asksForVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')

const run = async (): Promise<number> => {
  if (asksForVersion) {
    out(`${programVersion()}\n`)
    return 0
  }
  const { commandLine } = await import('./commandLine.js')
  return commandLine({ out, err })(argv)
}

void run().then(code => {
  process.exitCode = code === 0 ? lost() : code
})
