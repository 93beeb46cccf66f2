import { defaultPrefix, RedisKeys } from "../../server/src/store/redis-keys.js";

/** The names of the keys of a server that has no prefix of its own. */
export const redisKeys = new RedisKeys(defaultPrefix);
