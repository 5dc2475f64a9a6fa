"use strict";
// A shop without a build step: supabase-js for accounts, catalogue and orders, the gateway for search and recommendations.
// Nothing here guards anything. Row level security does, so the page holds no secret and may be read by anybody.

const PAGE_SIZE = 12;
const TYPING_PAUSE_MS = 150;

if (!globalThis.supabase) {
  document.getElementById("message").textContent =
    "The shop did not load. Check your connection, and load the page again.";
}

// What a link in a mail came back with, when it no longer holds. Read before supabase-js clears it.
const linkTrouble = new URLSearchParams(location.hash.slice(1)).get("error_description");

const setting = (name) => document.querySelector(`meta[name="${name}"]`).content;
const element = (id) => document.getElementById(id);
const client = supabase.createClient(setting("supabase-url"), setting("supabase-key"));
const basket = new Map(); // product id → { product, quantity }

let person; // id of whoever is signed in, null for a visitor; undefined until that is known
let leaving; // of whoever is being signed out, until that is done
let page = 0;
let pages = 1; // of what is listed
let category = null;
let orderKey = null; // of the order that the basket becomes; the same until its answer is known
let listing = new AbortController(); // ends a request for products that newer input has overtaken

// --- Answers --------------------------------------------------------------------------------------------------------

/** Why something did not work, in words for the person who asked. `status` is that of the answer, 0 without one. */
class Trouble extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A refusal in the words of the server that refused; else what a person can do when the network or a server fails. */
function trouble(status, words, remedy = "Check your connection, and try again.") {
  const isRefusal = words && status >= 400 && status < 500;
  // What stands before a project refuses the key, in words of its own. Whoever sets the page up sees to that.
  if (status === 401 && !words) return new Trouble(status, "The shop is not set up: its project refused the key.");
  return new Trouble(status, isRefusal ? words : `The shop did not answer. ${remedy}`);
}

/** The answer of supabase-js. Its errors have a code where the server itself spoke, and none where something else did. */
async function answered(request, remedy) {
  const answer = await request;
  const { error, status = error?.status } = answer;
  if (error) throw trouble(status, error.code && error.message, remedy);
  return answer;
}

/** JSON of the gateway, asked as whoever is signed in; its errors are problem documents (RFC 9457). */
async function gateway(path, { body, signal } = {}) {
  const { data: { session } } = await client.auth.getSession();
  const headers = session ? { authorization: `Bearer ${session.access_token}` } : {};
  if (body) headers["content-type"] = "application/json";
  const request = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal };
  const [status, answer] = await fetch(setting("gateway-url") + path, request)
    .then(async (response) => [response.status, await response.json()])
    .catch(() => [0, {}]); // nobody answered, or a proxy did, with a page of its own
  if (status !== 200) throw trouble(status, answer.detail);
  return answer;
}

/** Runs what a person asked for, and says how it went: what is done, or where it is not, the words that the action returns. */
async function perform(action, done) {
  const asker = person;
  try {
    const result = await action();
    if (done) say(result ?? done);
  } catch (error) {
    if (asker && isHere(asker)) await doubt(asker, error.status);
    if (isHere(asker)) sayTrouble(error); // else whoever asked has signed out
  }
}

/** Whether whoever asked, a visitor perhaps, still is the one who is here. */
const isHere = (asker) => asker === person && !(asker && asker === leaving);

/** Ends a session that the project no longer accepts: one that is refused with 401, or with 403 what everybody may read. */
async function doubt(asker, status) {
  const read = status === 403 ? await client.from("categories").select("id").limit(1) : { status };
  if (!isHere(asker)) return; // whoever has signed in meanwhile is another person
  if (read.status === 401) await endSession("Please sign in again.");
  if (read.status === 403) await endSession("This account is banned.");
}

function sayTrouble(error) {
  const isExpected = error instanceof Trouble;
  if (!isExpected) console.error(error);
  say(isExpected ? error.message : "Something went wrong. Load the page again.", true);
}

function say(text, isError = false) {
  element("message").textContent = text;
  element("message").classList.toggle("error", isError);
}

// --- Products -------------------------------------------------------------------------------------------------------

/** Shows what the search field asks for, or a page of the catalogue. Newer input cancels what older input started. */
async function list() {
  listing.abort();
  listing = new AbortController();
  const { signal } = listing;
  const query = element("query").value.trim();
  await perform(async () => {
    try {
      if (query) await pause(TYPING_PAUSE_MS, signal);
      const { products, total } = query ? await search(query, signal) : await browse(signal);
      if (!signal.aborted) showListing(query, products, total);
    } catch (error) {
      if (!signal.aborted) throw error; // else newer input ended it, whatever supabase-js makes of that
    }
  });
}

/** Lists what a person asked for by a key or a button. */
function ask() {
  say("");
  list();
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

async function browse(signal) {
  let query = client.from("products")
    .select("id, name, description, price, currency, is_in_stock, categories!inner(slug)", { count: "exact" });
  if (category) query = query.eq("categories.slug", category);
  const first = page * PAGE_SIZE;
  const rows = query.order("name").order("id").range(first, first + PAGE_SIZE - 1).abortSignal(signal);
  const { data, count } = await answered(rows);
  return { products: data.map(ofCatalogue), total: count };
}

async function search(query, signal) {
  const filters = category ? { category } : {};
  const body = { query, in: ["products"], limit: PAGE_SIZE, filters };
  const { results } = await gateway("/v1/search", { body, signal });
  return { products: results.map(ofSearch), total: results.length };
}

/** What a card shows, of a row of the catalogue, a result of a search, or a recommendation. */
function ofCatalogue({ id, name, price, currency, description, is_in_stock, categories }) {
  return { id, name, price, currency, text: description, inStock: is_in_stock, category: categories.slug };
}

function ofSearch({ id, title, snippet, metadata }) {
  const { price, currency, in_stock, category } = metadata;
  return { id, name: title, price, currency, text: snippet, inStock: in_stock, category };
}

function ofRecommendation({ product_id, name, price, currency, category, because }) {
  const reasons = {
    bought_together: `Bought together with ${because.name}`,
    viewed: `Because you looked at ${because.name}`,
    similar: `Like ${because.name}`,
  };
  const text = because.name ? reasons[because.kind] : "Popular";
  return { id: product_id, name, price, currency, text, inStock: true, category };
}

function showListing(query, products, total) {
  pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  const [previous, next] = element("pages").querySelectorAll("button");
  element("heading").textContent = query ? `Results for “${query}”` : `${total} products`;
  element("pages").hidden = Boolean(query);
  element("pages").querySelector("span").textContent = `Page ${page + 1} of ${pages}`;
  previous.disabled = page === 0;
  next.disabled = page + 1 >= pages;
  showProducts("products", products);
}

function showProducts(id, products) {
  element(id).replaceChildren(...products.map(card));
}

function card(product) {
  const item = copyOf("product");
  item.dataset.id = product.id;
  item.querySelector(".tile").textContent = initials(product.name);
  item.querySelector(".tile").style.setProperty("--hue", hue(product.category));
  item.querySelector("h3").textContent = product.name;
  item.querySelector(".text").textContent = product.text;
  item.querySelector("strong").textContent = money(product.price, product.currency);
  item.querySelector(".note").textContent = product.inStock ? "" : "sold out";
  const button = item.querySelector("button");
  button.disabled = !product.inStock;
  button.addEventListener("click", () => perform(() => addToBasket(product)));
  return item;
}

const copyOf = (id) => element(id).content.firstElementChild.cloneNode(true);
const initials = (name) => (name.match(/(?<![\p{L}\p{M}\p{N}])[\p{L}\p{N}]/gu) ?? []).slice(0, 2).join("");
const hue = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
const money = (amount, currency) => new Intl.NumberFormat("en", { style: "currency", currency }).format(amount);

// --- Basket and orders ----------------------------------------------------------------------------------------------

async function addToBasket(product) {
  change(product, 1);
  if (!person) return;
  const noted = client.from("interactions").insert({ product_id: product.id, kind: "cart" });
  await answered(noted).catch((error) => {
    if (error.status === 401) throw error; // all else concerns the recommendations, not who fills a basket
  });
}

function change(product, by) {
  const quantity = (basket.get(product.id)?.quantity ?? 0) + by;
  if (quantity > 0) basket.set(product.id, { product, quantity });
  else basket.delete(product.id);
  orderKey = null; // another basket is another order
  showBasket();
}

function showBasket() {
  const lines = [...basket.values()];
  element("basket").replaceChildren(...lines.map(({ product, quantity }) => {
    const line = copyOf("line");
    line.querySelector("span").textContent = `${quantity} × ${product.name}`;
    line.querySelector("button").addEventListener("click", () => change(product, -1));
    return line;
  }));
  element("total").textContent = lines.length ? `Total ${totals(lines).join(" + ")}` : "Nothing yet";
  element("order").disabled = lines.length === 0;
}

/** What lines cost, in each currency that they are in. */
function totals(lines) {
  const sums = {};
  for (const { product: { price, currency }, quantity } of lines) {
    sums[currency] = (sums[currency] ?? 0) + price * quantity;
  }
  return Object.entries(sums).map(([currency, sum]) => money(sum, currency));
}

/** Orders the basket. The key makes it safe to press again when the answer got lost: the order is placed once. */
async function placeOrder() {
  if (!person) throw new Trouble(0, "Sign in to order.");
  orderKey ??= crypto.randomUUID();
  // With the prices that the page shows: a higher one is refused, and a lower one charged.
  const items = [...basket.values()]
    .map(({ product, quantity }) => ({ product_id: product.id, quantity, unit_price: product.price }));
  const remedy = "Your order may have arrived: press “Place order” again, and it is placed once.";
  try {
    await answered(client.rpc("place_order", { items, idempotency_key: orderKey }), remedy);
  } catch (error) {
    if (error.status === 409) await showPrices();
    throw error;
  }
  basket.clear();
  orderKey = null;
  showBasket();
  await Promise.all([showOrders(), showRecommendations()]);
}

/** Shows what the products in the basket cost now. */
async function showPrices() {
  const { data } = await answered(client.from("products").select("id, price").in("id", [...basket.keys()]));
  for (const { id, price } of data) {
    const line = basket.get(id);
    if (line) basket.set(id, { ...line, product: { ...line.product, price } });
  }
  showBasket();
}

async function showOrders() {
  const asker = person;
  const orders = person ? await readOrders() : [];
  if (asker === person) element("orders").replaceChildren(...orders.map(placed));
}

async function readOrders() {
  const columns = "id, status, total, currency, order_items(name, quantity)";
  const { data } = await answered(
    client.from("orders").select(columns).order("created_at", { ascending: false }).limit(10),
  );
  return data;
}

function placed({ id, status, total, currency, order_items }) {
  const item = copyOf("placed");
  item.querySelector("strong").textContent = money(total, currency);
  item.querySelector(".status").textContent = status;
  item.querySelector(".text").textContent = order_items.map((line) => `${line.quantity} × ${line.name}`).join(", ");
  const cancel = item.querySelector("button");
  cancel.hidden = status !== "pending";
  cancel.addEventListener("click", () => perform(() => cancelOrder(id), "Cancelled."));
  return item;
}

async function cancelOrder(order_id) {
  await answered(client.rpc("cancel_order", { order_id }));
  await showOrders();
}

async function showRecommendations() {
  const asker = person;
  const { recommendations } = await gateway("/v1/recommendations?limit=4");
  if (asker === person) showProducts("recommendations", recommendations.map(ofRecommendation));
}

// --- Accounts -------------------------------------------------------------------------------------------------------

async function signIn({ email, password }) {
  await answered(client.auth.signInWithPassword({ email, password }));
}

async function signUp({ email, password }) {
  const { data } = await answered(client.auth.signUp({ email, password }));
  if (!data.session) return "Almost there: follow the link in the mail that we sent you, then sign in.";
}

/** Signs out on this device, which works without the network and with a token that nobody accepts any more. */
async function signOut() {
  await client.auth.signOut({ scope: "local" });
}

async function endSession(why) {
  leaving = person;
  say(why, true);
  await signOut();
}

function showAccount(session) {
  element("sign-in").hidden = Boolean(session);
  element("signed-in").hidden = !session;
  element("signed-in").querySelector("span").textContent = session?.user.email ?? "";
}

// --- What starts all of it ------------------------------------------------------------------------------------------

async function showCategories() {
  const { data } = await answered(client.from("categories").select("slug, name").order("name"));
  const buttons = [{ slug: null, name: "All" }, ...data].map(({ slug, name }) => {
    const button = Object.assign(document.createElement("button"), { className: "quiet", textContent: name });
    button.setAttribute("aria-pressed", String(slug === category));
    button.addEventListener("click", () => {
      category = slug;
      [page, pages] = [0, 1];
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      ask();
    });
    return button;
  });
  element("categories").replaceChildren(...buttons);
}

/** Shows all that depends on who is signed in. A visitor sees the catalogue too. */
function showAll() {
  list();
  perform(showCategories);
  perform(() => Promise.all([showOrders(), showRecommendations()]));
}

element("query").addEventListener("input", ask);
element("pages").addEventListener("click", ({ target }) => {
  if (!target.value) return;
  page = Math.min(Math.max(page + Number(target.value), 0), pages - 1);
  ask();
});
element("order").addEventListener("click", () => perform(placeOrder, "Thank you for your order."));
element("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  perform(() => event.submitter.value === "up" ? signUp(fields) : signIn(fields), "Welcome.");
});
element("signed-in").querySelector("button").addEventListener("click", () => perform(signOut, "You are signed out."));
client.auth.onAuthStateChange((_event, session) => {
  showAccount(session);
  const before = person;
  person = session?.user.id ?? null;
  if (person === before) return;
  leaving = undefined;
  // supabase-js holds its lock while it tells of a change: ask it nothing before it is done.
  setTimeout(showAll);
});

showBasket();
if (linkTrouble) say(`${linkTrouble}.`, true);
