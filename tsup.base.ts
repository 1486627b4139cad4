// How every package is bundled: ESM JavaScript only; `tsc` writes the declarations.
import { defineConfig } from 'tsup'

/** A package's whole config: `export default bundle('src/index.ts', …)`. */
export function bundle(...entry: readonly string[]) {
  return defineConfig({
    entry: [...entry],
    outDir: 'dist',
    format: ['esm'],
    target: 'node20',
    removeNodeProtocol: false,
    dts: false,
    sourcemap: true,
    clean: true,
  })
}
