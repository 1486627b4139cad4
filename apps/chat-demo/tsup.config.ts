import { defineConfig } from 'tsup'
import { bundle } from '../../tsup.base.js'

// tsup leaves out what package.json needs, but not what is optional there; this one is native code.
export default defineConfig({ ...bundle('src/main.ts'), external: ['uWebSockets.js'] })
