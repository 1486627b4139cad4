// Test helpers of this repository; not published, and free of any @chan package.
export { launchChromium } from './launch-chromium.js'
export { readmeSnippets } from './readme-snippets.js'
export { findSnippet, listSnippets, readSnippet, type Snippet } from './snippets.js'
export { type WaitOptions, waitFor } from './wait-for.js'
