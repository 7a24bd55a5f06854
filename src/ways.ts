/**
 * In which ways a penalty can take part in a step. What a penalty is solvable for. `prox`: in the plain metric, inside the step graph;
 * `metric`: in a diagonal metric, there; `gradient`: it has one where no group is zero; `host`: its prox runs on the host, between
 * propose and accept.
 */
export type Way = "prox" | "metric" | "gradient" | "host";
