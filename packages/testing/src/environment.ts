/** The environment that fixtures read unless they are given another. */
export const ambientEnvironment: NodeJS.ProcessEnv = process.env;
