// For a process that waits nearly all of its life, an agent: compiled code costs it more memory than it saves time. To be
// loaded before anything else, since what compilers once touched stays. That is also why the first file is no module (see
// package.json here). Together about 5 MB, measured at rest on Node 20 and 24.
const { setFlagsFromString } = require('node:v8')

const flags = [
  '--optimize-for-size',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--max-lazy',
  '--no-compilation-cache',
]
for (const flag of flags) setFlagsFromString(flag)
