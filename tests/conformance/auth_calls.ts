/** Calls of Auth. */
import { raw, type World } from "./world.ts";

export async function authCalls(world: World): Promise<void> {
  const { recorder, client, publishableKey, service, person, email, password } = world;
  const call = recorder.call.bind(recorder);
  const nobody = () => client(publishableKey).auth;
  const other = `conformance-${crypto.randomUUID()}@example.com`;
  const json = { "content-type": "application/json" };

  await call("auth: settings", () => raw(world, "/auth/v1/settings"));
  await call("auth: health", () => raw(world, "/auth/v1/health"));
  await call("auth: keys", () => raw(world, "/auth/v1/.well-known/jwks.json"));
  await call("auth: sign up, weak password", () => nobody().signUp({ email: other, password: "short" }));
  await call("auth: sign up, no address", () => nobody().signUp({ email: "not mail", password }));
  await call(
    "auth: sign up, no JSON",
    () => raw(world, "/auth/v1/signup", { method: "POST", body: "{", headers: json }),
  );
  await call("auth: sign in", () => nobody().signInWithPassword({ email, password }));
  await call("auth: sign in, wrong password", () => nobody().signInWithPassword({ email, password: "wrong" }));
  await call("auth: sign in, unknown address", () => nobody().signInWithPassword({ email: other, password }));
  await call("auth: sign in anonymously", () => nobody().signInAnonymously());
  await call(
    "auth: code for nobody",
    () => nobody().signInWithOtp({ email: other, options: { shouldCreateUser: false } }),
  );
  await call("auth: verify a wrong code", () => nobody().verifyOtp({ email, token: "123456", type: "email" }));
  await call("auth: verify a wrong hash", () => nobody().verifyOtp({ token_hash: "nothing", type: "email" }));
  await call("auth: refresh", () => person.auth.refreshSession());
  await call("auth: who am I", () => person.auth.getUser());
  await call("auth: who am I, bad token", () => nobody().getUser("a.b.c"));
  await call("auth: who am I, no token", () => raw(world, "/auth/v1/user"));
  await call("auth: change my data", () => person.auth.updateUser({ data: { name: "Ada" } }));
  await call("auth: change to the same password", () => person.auth.updateUser({ password }));
  await call("auth: change to a weak password", () => person.auth.updateUser({ password: "short" }));
  await call("auth: enroll a factor", () => person.auth.mfa.enroll({ factorType: "totp" }));
  await call("auth: administration by a person", () => person.auth.admin.listUsers());
  await call("auth admin: list", () => service.auth.admin.listUsers({ page: 1, perPage: 2 }));
  const made = await call("auth admin: create", () => (
    service.auth.admin.createUser({ email: other, password, email_confirm: true })
  ));
  const id = made.data.user?.id ?? crypto.randomUUID();
  await call("auth admin: create, address taken", () => service.auth.admin.createUser({ email: other, password }));
  await call("auth admin: create, no address", () => service.auth.admin.createUser({ email: "not mail" }));
  await call("auth admin: get", () => service.auth.admin.getUserById(id));
  await call("auth admin: get, unknown", () => service.auth.admin.getUserById(crypto.randomUUID()));
  await call("auth admin: change", () => service.auth.admin.updateUserById(id, { app_metadata: { a: 1 } }));
  await call(
    "auth admin: change, unknown",
    () => service.auth.admin.updateUserById(crypto.randomUUID(), { ban_duration: "1h" }),
  );
  await call("auth admin: link", () => service.auth.admin.generateLink({ type: "magiclink", email: other }));
  await call("auth admin: ban", () => service.auth.admin.updateUserById(id, { ban_duration: "1h" }));
  await call("auth: sign in, banned", () => nobody().signInWithPassword({ email: other, password }));
  await call("auth admin: delete", () => service.auth.admin.deleteUser(id));
  await call("auth admin: delete, unknown", () => service.auth.admin.deleteUser(id));
  const { data } = await person.auth.getSession();
  const token = data.session?.access_token ?? "";
  await call("auth: sign out", () => person.auth.signOut());
  await call("auth: who am I, signed out", () => nobody().getUser(token));
}
