#!/usr/bin/env node
import { commandLine } from './commandLine.js'

// The reader of a pipe may close it early (`bilevel doctor | head -1`); that is not an error.
process.stdout.on('error', () => process.exit(0))

process.exitCode = await commandLine({
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
})(process.argv.slice(2))
