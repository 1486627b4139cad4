// For tests of programs and backends that build on core.
export { ManualClock } from './manual-clock.js'
