const list = (name) => (process.env[name] ?? "").split(",").filter(Boolean);

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}

/** How the database is reached; the driver knows its own variables, such as PGOPTIONS. */
export function database() {
  return {
    host: process.env.DB_HOST ?? "localhost",
    port: Number(process.env.DB_PORT ?? 5432),
    database: process.env.DB_NAME ?? "postgres",
    user: process.env.DB_USER ?? "shop_express",
    password: process.env.DB_PASSWORD,
    options: process.env.PGOPTIONS,
  };
}

/** From the environment, read once. */
export function settings() {
  return {
    database: database(),
    identityName: process.env.SHOP_NAME ?? "shop",
    identitySecret: needed("SHOP_SECRET"),
    hosts: list("ALLOWED_HOSTS"),
    corsOrigins: list("CORS_ALLOWED_ORIGINS"),
    publicPath: process.env.PUBLIC_PATH ?? "", // such as /app/shop, where the gateway has it
  };
}
