// Lets tests import a document's code block: `await import('snippet:../README.md#ts-1')`.
declare module 'snippet:*'
