/** How many entries a hub reads from the log at a time, and how many frames it keeps in memory. */
export const pageSize = 256;
