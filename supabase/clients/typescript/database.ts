/**
 * The types of the database for supabase-js: `createClient<Database>(…)`. `database.generated.ts` is what `supabase gen types`
 * says, written by `make types`. This module says what the generator cannot: what functions return as JSON, which columns of
 * an answer are null, lists of pairs, the words that an argument may be, and that an amount may be sent as text.
 */
import type { Database as Generated, Json } from "./database.generated.ts";

export type { Json } from "./database.generated.ts";

type Schema = Generated["public"];

/** Exact where it is sent as text; JavaScript reads it as a number. */
export type Amount = number | string;

/** First character, and one past the last, in Unicode code points. */
export type Place = [start: number, end: number];

export interface OrderItem {
  /** Null once the product was deleted. */
  product_id: string | null;
  sku: string;
  name: string;
  unit_price: number;
  quantity: number;
}

/** An order, as functions return it. */
export interface Order {
  id: string;
  status: "pending" | "paid" | "shipped" | "cancelled" | "refunded";
  currency: string;
  total: number;
  /** Why it was cancelled or refunded. */
  reason: string | null;
  withdrawn_at: string | null;
  created_at: string;
  /** When an unpaid order is cancelled. */
  expires_at: string | null;
  items: OrderItem[];
}

/** An invitation, as functions return it. */
export interface Invitation {
  id: string;
  organization_id: string | null;
  role: Schema["Enums"]["membership_role"] | null;
  document_id: string | null;
  email: string | null;
  user_id: string | null;
  status: Schema["Enums"]["invitation_status"];
  title: string;
  invited_by: string | null;
  expires_at: string;
}

/** What became of a closed account's data. */
export interface ClosedAccount {
  removed: { what: string; count: number; why: string }[];
  anonymised: { what: string; count: number; why: string }[];
  kept: { what: string; count: number; why: string }[];
}

export interface SearchNeighbour {
  chunk_id: number;
  content: string;
  heading_path: string[];
  page: number | null;
  start: number | null;
  end: number | null;
}

export interface SearchPassage extends SearchNeighbour {
  context: string;
  file_id: string | null;
  file_name: string | null;
  score: number;
  highlights: Place[];
  before: SearchNeighbour | null;
  after: SearchNeighbour | null;
}

export interface SearchResult {
  kind: "document" | "product";
  id: string;
  document_id: string | null;
  title: string;
  snippet: string;
  highlights: Place[];
  heading_path: string[];
  score: number;
  metadata: { [name: string]: Json | undefined };
  owner: { kind: "organization" | "person"; id: string; name: string | null; handle: string | null } | null;
  passages: SearchPassage[];
  content: string | null;
  unread_by_model: string | null;
}

export interface SearchAnswer {
  results: SearchResult[];
  complete: boolean;
  syntax: "operators" | "plain";
  corrections: { typed: string; read_as: string }[];
  /** Whether there are further results, or may be. */
  more: boolean;
}

/** A value that operators compare. */
export type MetadataValue = string | number | boolean | null;

/** What the value below a name must be like. Ranges are of numbers, or of dates such as `2026-03-31`. */
export interface MetadataOperators {
  $eq?: MetadataValue;
  $ne?: MetadataValue;
  $in?: MetadataValue[];
  $nin?: MetadataValue[];
  $gt?: number | string;
  $gte?: number | string;
  $lt?: number | string;
  $lte?: number | string;
  $exists?: boolean;
  $not?: MetadataValue | MetadataOperators;
}

/** What every result of a search must be like. Times are dates, or times of one such as `2026-03-31T12:00:00Z`. */
export interface SearchFilters {
  organization_ids?: string[] | null;
  document_ids?: string[] | null;
  languages?: string[] | null;
  created_after?: string | null;
  created_before?: string | null;
  updated_after?: string | null;
  updated_before?: string | null;
  category?: string | null;
  price_min?: number | null;
  price_max?: number | null;
  in_stock?: boolean | null;
  metadata?: { [name: string]: MetadataOperators | Json } | null;
}

export interface Recommendation {
  product_id: string;
  name: string;
  price: number;
  currency: string;
  category_slug: string;
  score: number;
  because: {
    kind: "bought_together" | "viewed" | "similar" | "popular_in_category" | "popular";
    product_id: string | null;
    name: string | null;
  };
}

type RecommendationSource = "personal" | "similar" | "popular_in_category" | "popular";

export interface RecommendAnswer {
  recommendations: Recommendation[];
  source: RecommendationSource | null;
}

/** A document or product with its text. */
export interface Source {
  kind: "document" | "product";
  id: string;
  title: string;
  text: string;
  characters: number;
  metadata: { [name: string]: Json | undefined };
  source_uri: string | null;
  updated_at: string;
}

type Functions = Schema["Functions"];
type Name = keyof Functions;
type Args<Function extends Name> = Functions[Function]["Args"];
type OrNull<Fields> = { [Field in keyof Fields]: Fields[Field] | null };
type With<Whole, Part> = Omit<Whole, keyof Part> & Part;

/** A function that returns one JSON value. */
interface Returning<Arguments, Value> {
  Args: Arguments;
  Returns: Value;
}

type ById = { order_id: string };

/** What the buyer saw: the order costs no more, or is refused. */
type Seen = { expected_total?: Amount | null; expected_currency?: string | null };

type RefinedFunctions = {
  accept_invitation: Returning<Args<"accept_invitation">, Invitation>;
  cancel_order: Returning<ById, Order>;
  close_account: Returning<Args<"close_account">, ClosedAccount>;
  decline_invitation: Returning<Args<"decline_invitation">, Invitation>;
  failed_payments: Returning<
    Args<"failed_payments">,
    With<Functions["failed_payments"]["Returns"][number], { kind: "charge" | "refund"; last_error: string | null }>[]
  >;
  invite: Returning<OrNull<Args<"invite">>, Invitation>;
  mark_never_charged: Returning<Args<"mark_never_charged">, Order>;
  mark_paid: Returning<ById, Order>;
  mark_refunded: Returning<ById, Order>;
  my_orders: Returning<OrNull<Args<"my_orders">>, { orders: Order[]; complete: boolean }>;
  payment_events_to_review: Returning<
    Args<"payment_events_to_review">,
    With<
      Functions["payment_events_to_review"]["Returns"][number],
      { order_id: string | null; outcome: "waiting" | "review"; note: string | null }
    >[]
  >;
  payments_of_order: Returning<
    ById,
    With<
      Functions["payments_of_order"]["Returns"][number],
      {
        kind: "charge" | "refund";
        reference: string | null;
        last_error: string | null;
        settled_by: string | null;
        settled_reason: string | null;
        done_at: string | null;
      }
    >[]
  >;
  place_order: Returning<
    { items: { product_id: string; quantity: number; unit_price?: Amount }[]; idempotency_key?: string | null } & Seen,
    Order
  >;
  purchase: Returning<{ product_id: string; quantity?: number; idempotency_key?: string | null } & Seen, Order>;
  read_source: Returning<Args<"read_source">, { source: Source | null }>;
  receive_payment_event: Returning<
    Args<"receive_payment_event">,
    { outcome: "settled" | "known" | "waiting" | "review" }
  >;
  recommend: Returning<
    {
      like_product?: string | null;
      category?: string | null;
      max_results?: number;
      mode?: RecommendationSource | null;
    },
    RecommendAnswer
  >;
  refund_order: Returning<ById, Order>;
  retry_payment: Returning<ById, Order>;
  search: Returning<
    With<OrNull<Args<"search">>, {
      query: string;
      /** Of the active embedding model; as text it is `[0.1,0.2,…]`. */
      query_embedding?: number[] | string | null;
      mode?: "semantic" | "keyword" | "hybrid";
      kinds?: ("documents" | "products")[];
      filters?: SearchFilters | null;
      effort?: "bounded" | "exact";
      include?: ("content" | "neighbours")[];
      syntax?: "operators" | "plain";
    }>,
    SearchAnswer
  >;
  ship_order: Returning<ById, Order>;
};

type Tables = Schema["Tables"];

/** A table to which this column may be written as text, since a number is not exact. */
type WithAmount<Table extends keyof Tables, Column extends string> = With<Tables[Table], {
  Insert: AsAmount<Tables[Table]["Insert"], Column>;
  Update: AsAmount<Tables[Table]["Update"], Column>;
}>;
type AsAmount<Fields, Column> = { [Field in keyof Fields]: Field extends Column ? Amount : Fields[Field] };

export type Database = With<Generated, {
  public: With<Schema, {
    Tables: With<Tables, { products: WithAmount<"products", "price"> }>;
    Functions: With<Functions, RefinedFunctions>;
  }>;
}>;
