// The entry of the command `chan-postgres`; bin/ leads here.

import { runCli } from './schema/cli.js'

process.exitCode = runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
