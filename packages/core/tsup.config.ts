import { bundle } from '../../tsup.base.js'

export default bundle(
  'src/index.ts',
  'src/connections.ts',
  'src/backend.ts',
  'src/testing/index.ts',
)
