// Written by `make types` from the OpenAPI document of the gateway.
// deno-lint-ignore-file
export interface paths {
  "/v1/search": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Search documents and products
     * @description What the caller may read, best first, each document or product once with its best chunk.
     *
     *     Without a token: what is public. When the embedder is down the answer is found by keywords and says `degraded`; when
     *     nothing can be asked, or too much is, it is the caller's last answer to the same request, with its age.
     */
    post: operations["search"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/answers": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Answer a question with citations
     * @description An answer made of what the caller may read, each part with the passage and the words that it stands on.
     *
     *     Without a token: of what is public. Where nothing fits the question the answer says that nothing was found. When
     *     something is down the answer says `degraded`; when nothing can be searched it is the caller's last answer to the
     *     same question, with its age.
     *
     *     With `stream` it comes as server-sent events: `search` with the passages, `delta` with more text, `citation` of the
     *     text before it, `degradation`, and `done` with the rest, or `error`.
     */
    post: operations["answer"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/chat/completions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Answer a question in the form of OpenAI's chat API
     * @description The answer of `POST /v1/answers`, for clients of OpenAI's chat API: a Supabase access token is the API key.
     *
     *     Citations are annotations of the message.
     */
    post: operations["complete_chat"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/models": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List what a chat client may name as its model
     * @description One name, for clients that ask which there are. Which model writes answers is a setting of the gateway.
     */
    get: operations["list_models"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/models/tidegate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Say that a chat client may name this model
     * @description The one model, for clients that ask whether it is there.
     */
    get: operations["get_model"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/embeddings": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Embed texts
     * @description Vectors of texts, by the model that search uses: for `query_embedding` of `rpc("search")`.
     *
     *     For people who are signed in. The request and the answer are those of OpenAI's API, with `syntax` beside them.
     */
    post: operations["embed"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/recommendations": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Recommend products
     * @description Products that can be had, best first, each with why; none that the caller bought in the last 30 days.
     *
     *     For the caller's taste, with `like` similar to a product, with `category` popular there. Whatever is down or too
     *     busy, the answer is 200: what is most popular, a stale list, in the end an empty one; `degradations` says
     *     which. Caches may keep the answer of a visitor, unless it is degraded.
     */
    get: operations["recommend"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/documents": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Add a document with its files
     * @description Answer 202 once the files are stored; they are read and embedded afterwards.
     *
     *     The document is written as the caller, by the same rules as in the Data API; when a file is refused, nothing of it
     *     stays. Ask for its state at the address in the header Location.
     */
    post: operations["add_document"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/documents/{document_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How far a document and its files are
     * @description Its status and that of each file, with errors and progress.
     */
    get: operations["get_document"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/.well-known/oauth-protected-resource": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Say who gives out tokens
     * @description For clients of the MCP server at /mcp that want to sign in: RFC 9728.
     */
    get: operations["get_resource"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/.well-known/oauth-protected-resource/mcp": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Say who gives out tokens
     * @description For clients of the MCP server at /mcp that want to sign in: RFC 9728.
     */
    get: operations["get_mcp_resource"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/status": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether everything works as usual
     * @description Answer 200 whatever is down. With a token, list the caller's documents that could not be embedded.
     */
    get: operations["get_status"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/health/live": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the process answers
     * @description For whatever restarts processes: says nothing about dependencies.
     */
    get: operations["get_liveness"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/health/ready": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether searches can be answered
     * @description For load balancers: 503 with the reasons while the database is out of reach, not migrated or not safe.
     */
    get: operations["get_readiness"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /**
     * AnswerRequest
     * @description A question.
     */
    AnswerRequest: {
      /**
       * Question
       * @description The question; or `messages`.
       * @example How do I moor a boat in strong wind?
       */
      question?: string | null;
      /**
       * Messages
       * @description A conversation that ends with the question, at most 20 messages and 16,000 characters.
       */
      messages?: components["schemas"]["Message"][] | null;
      /**
       * In
       * @description What to search.
       * @default [
       *       "documents",
       *       "products"
       *     ]
       */
      in?: components["schemas"]["Kind"][];
      /**
       * Organization Id
       * @description Documents of this organization; short for `filters.organization_ids`.
       */
      organization_id?: string | null;
      /**
       * @description As those of a search.
       * @default {}
       */
      filters?: components["schemas"]["Filters"];
      /**
       * Limit
       * @description Most passages to answer from.
       * @default 5
       */
      limit?: number;
      /**
       * Stream
       * @description Whether the answer comes as server-sent events, piece by piece.
       * @default false
       */
      stream?: boolean;
    };
    /**
     * AnswerResponse
     * @description An answer.
     */
    AnswerResponse: {
      /**
       * Answer
       * @description The answer, or that nothing was found.
       */
      answer: string;
      /**
       * Citations
       * @description In the order of the answer. Each was checked.
       */
      citations: components["schemas"]["Citation"][];
      /**
       * Passages
       * @description What the answer was made from, best first.
       */
      passages: components["schemas"]["UsedPassage"][];
      /**
       * Kind
       * @description `generated` by a model, or `quoted`: sentences of passages, the best first.
       * @enum {string}
       */
      kind: "generated" | "quoted";
      /**
       * Question
       * @description What was searched for: the question, or what a conversation made of it.
       */
      question: string;
      /**
       * Grounded
       * @description Whether the answer has a citation; false where nothing was found.
       */
      grounded: boolean;
      /**
       * Complete
       * @description Whether the search was complete, and the model came to an end.
       */
      complete: boolean;
      /**
       * Degraded
       * @description Whether something was down and the answer is less good for it.
       */
      degraded: boolean;
      /**
       * Degradations
       * @description What was down, and what was done instead.
       */
      degradations: components["schemas"]["Degradation"][];
      /**
       * Age Seconds
       * @description How old the answer or the search is, when it is stale; null for one of now.
       * @default null
       */
      age_seconds: number | null;
      usage: components["schemas"]["AnswerUsage"];
      /**
       * Took Ms
       * @description Milliseconds in the gateway.
       */
      took_ms: number;
    };
    /**
     * AnswerUsage
     * @description What the answer took.
     */
    AnswerUsage: {
      /**
       * Prompt Tokens
       * @description As the model counts them.
       * @default 0
       */
      prompt_tokens: number;
      /**
       * Completion Tokens
       * @description As the model counts them.
       * @default 0
       */
      completion_tokens: number;
      /**
       * Total Tokens
       * @description Both.
       * @default 0
       */
      total_tokens: number;
      /**
       * Sentences
       * @description Sentences that were compared with the question.
       * @default 0
       */
      sentences: number;
      /**
       * Citations Dropped
       * @description Citations of the model that were left out: not in a passage, or no ground for their sentence.
       * @default 0
       */
      citations_dropped: number;
    };
    /**
     * AssistantMessage
     * @description The answer.
     */
    AssistantMessage: {
      /**
       * Role
       * @default assistant
       * @constant
       */
      role: "assistant";
      /** Content */
      content: string;
      /** Refusal */
      refusal: null;
      /**
       * Annotations
       * @description Citations: `url_citation`, and `citation` as of /v1/answers.
       */
      annotations: {
        [key: string]: unknown;
      }[];
    };
    /**
     * Because
     * @description Why.
     */
    Because: {
      /** @description `bought_together`: people buy it with that product; `viewed`: it is like that product, which the caller looked at or put into the cart; `similar`: it is like that product; else it is popular. */
      kind: components["schemas"]["BecauseKind"];
      /**
       * Product Id
       * @description That product; null where it is just popular.
       */
      product_id: string | null;
      /**
       * Name
       * @description Its name.
       */
      name: string | null;
    };
    /**
     * BecauseKind
     * @description Why a product is recommended.
     * @enum {string}
     */
    BecauseKind: "bought_together" | "viewed" | "similar" | "popular_in_category" | "popular";
    /**
     * ChatCompletion
     * @description An answer in the form of OpenAI's API.
     */
    ChatCompletion: {
      /** Id */
      id: string;
      /**
       * Object
       * @default chat.completion
       * @constant
       */
      object: "chat.completion";
      /** Created */
      created: number;
      /** Model */
      model: string;
      /** Choices */
      choices: components["schemas"]["Choice"][];
      usage: components["schemas"]["ChatUsage"];
      /**
       * Tidegate
       * @description The other fields of an answer of /v1/answers.
       */
      tidegate: {
        [key: string]: unknown;
      };
    };
    /**
     * ChatMessage
     * @description Something that was said; other fields are ignored.
     */
    ChatMessage: {
      /**
       * Role
       * @description The first two are left out.
       * @enum {string}
       */
      role: "system" | "developer" | "user" | "assistant";
      /**
       * Content
       * @description Text, whole or in parts.
       */
      content: string | components["schemas"]["TextPart"][];
    };
    /**
     * ChatModelEntry
     * @description A model that a chat client may name.
     */
    ChatModelEntry: {
      /** Id */
      id: string;
      /**
       * Object
       * @default model
       * @constant
       */
      object: "model";
      /**
       * Created
       * @description Unknown: 0.
       * @default 0
       */
      created: number;
      /**
       * Owned By
       * @default tidegate
       * @constant
       */
      owned_by: "tidegate";
    };
    /**
     * ChatModelList
     * @description The models, in the form of OpenAI's API.
     */
    ChatModelList: {
      /**
       * Object
       * @default list
       * @constant
       */
      object: "list";
      /** Data */
      data: components["schemas"]["ChatModelEntry"][];
    };
    /**
     * ChatRequest
     * @description A conversation that ends with a question; settings of models are ignored, `tools` are refused.
     */
    ChatRequest: {
      /**
       * Model
       * @description Repeated in the answer; which models write is a setting of the gateway.
       * @default tidegate
       */
      model?: string;
      /**
       * Messages
       * @description The last 20 count, as far as they have 16,000 characters together.
       */
      messages: components["schemas"]["ChatMessage"][];
      /**
       * Stream
       * @description Whether the answer comes as server-sent events, piece by piece.
       * @default false
       */
      stream?: boolean;
      /** @description How events are sent. */
      stream_options?: components["schemas"]["StreamOptions"] | null;
      /**
       * In
       * @description As of /v1/answers.
       * @default [
       *       "documents",
       *       "products"
       *     ]
       */
      in?: components["schemas"]["Kind"][];
      /**
       * Organization Id
       * @description As of /v1/answers.
       */
      organization_id?: string | null;
      /**
       * @description As of /v1/answers.
       * @default {}
       */
      filters?: components["schemas"]["Filters"];
      /**
       * Limit
       * @description As of /v1/answers.
       * @default 5
       */
      limit?: number;
    };
    /**
     * ChatUsage
     * @description Tokens, as the model counts them; 0 without one.
     */
    ChatUsage: {
      /** Prompt Tokens */
      prompt_tokens: number;
      /** Completion Tokens */
      completion_tokens: number;
      /** Total Tokens */
      total_tokens: number;
    };
    /**
     * Choice
     * @description The one answer that there is.
     */
    Choice: {
      /**
       * Index
       * @description Always 0.
       * @default 0
       */
      index: number;
      message: components["schemas"]["AssistantMessage"];
      /**
       * Finish Reason
       * @description `length` where the model broke off and quotations follow, `content_filter` where it had to.
       * @enum {string}
       */
      finish_reason: "stop" | "length" | "content_filter";
    };
    /**
     * Citation
     * @description Where a part of the answer stands.
     */
    Citation: {
      /**
       * Start
       * @description First character of the part of `answer` that it supports. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`.
       */
      start: number;
      /**
       * End
       * @description One past the last.
       */
      end: number;
      /**
       * Kind
       * @enum {string}
       */
      kind: "document" | "product";
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /**
       * Document Id
       * @description The document; null for a product.
       */
      document_id: string | null;
      /** Title */
      title: string;
      /** File Id */
      file_id: string | null;
      /** File Name */
      file_name: string | null;
      /** Page */
      page: number | null;
      /** Heading Path */
      heading_path: string[];
      /**
       * Chunk Id
       * @description The passage, one of `passages`.
       */
      chunk_id: number;
      /**
       * Passage Start
       * @description First character of the quotation in the passage's `content`.
       */
      passage_start: number;
      /**
       * Passage End
       * @description One past the last.
       */
      passage_end: number;
      /**
       * Quote
       * @description The quotation, as it stands in the passage but for white space; code keeps its lines.
       */
      quote: string;
    };
    /**
     * Correction
     * @description A word that no text has, and the one that was looked for.
     */
    Correction: {
      /**
       * Typed
       * @description The word of the query, in lower case and without accents.
       */
      typed: string;
      /**
       * Read As
       * @description One that differs in a letter, and that texts have.
       */
      read_as: string;
    };
    /**
     * Degradation
     * @description One dependency that was down, and what was done instead.
     */
    Degradation: {
      /**
       * Dependency
       * @description What was down.
       * @example embedder
       */
      dependency: string;
      /**
       * Reason
       * @description Why, in words.
       * @example It did not answer within 2 s.
       */
      reason: string;
      /**
       * Used
       * @description What was done instead.
       * @example keyword search
       */
      used: string;
    };
    /**
     * DocumentState
     * @description A document, and how far it has been read and embedded.
     */
    DocumentState: {
      /**
       * Id
       * Format: uuid
       * @description The document.
       */
      id: string;
      /**
       * Title
       * @description Its title.
       */
      title: string;
      /**
       * Status
       * @description `pending` while anything of it waits, `failed` when something failed, else `ready`.
       * @enum {string}
       */
      status: "pending" | "ready" | "failed";
      /**
       * Error
       * @description What failed, and what to do.
       */
      error: string | null;
      /**
       * Chunks Done
       * @description Chunks embedded so far; written after each piece of a long text.
       */
      chunks_done: number;
      /**
       * Chunks Total
       * @description Chunks that there are; null until the first have been embedded.
       */
      chunks_total: number | null;
      /**
       * Created At
       * Format: date-time
       * @description When it was made.
       */
      created_at: string;
      /**
       * Updated At
       * Format: date-time
       * @description Last change by people.
       */
      updated_at: string;
      /**
       * Files
       * @description Its files, by name.
       */
      files: components["schemas"]["FileState"][];
    };
    /**
     * Effort
     * @description How much to compare.
     * @enum {string}
     */
    Effort: "bounded" | "exact";
    /**
     * EmbeddingEntry
     * @description The vector of one text.
     */
    EmbeddingEntry: {
      /**
       * Object
       * @default embedding
       * @constant
       */
      object: "embedding";
      /**
       * Index
       * @description Place of the text in `input`, from 0.
       */
      index: number;
      /**
       * Embedding
       * @description Of unit length.
       */
      embedding: number[] | string;
    };
    /**
     * EmbeddingsRequest
     * @description Texts to embed.
     */
    EmbeddingsRequest: {
      /**
       * Input
       * @description A text, or up to 32: each 1 to 4,000 characters, together 8,000.
       * @example how do I moor a boat in strong wind
       */
      input: string | string[];
      /**
       * Model
       * @description The active model; any other one is refused. Leave it out to use the active one.
       */
      model?: string | null;
      /**
       * @description Numbers, or base64 of little-endian 32-bit floats.
       * @default float
       */
      encoding_format?: components["schemas"]["EncodingFormat"];
      /**
       * Dimensions
       * @description Those of the active model; any other number is refused.
       */
      dimensions?: number | null;
      /**
       * User
       * @description Ignored: the token says it.
       */
      user?: string | null;
      /**
       * Input Type
       * @description Ignored: the model embeds queries and documents alike.
       */
      input_type?: ("query" | "document") | null;
      /**
       * @description `plain`: the text as it is, as a semantic search embeds it. `operators`: without its operators, as a hybrid search embeds it.
       * @default plain
       */
      syntax?: components["schemas"]["Syntax"];
    };
    /**
     * EmbeddingsResponse
     * @description Vectors in the order of the texts.
     */
    EmbeddingsResponse: {
      /**
       * Object
       * @default list
       * @constant
       */
      object: "list";
      /** Data */
      data: components["schemas"]["EmbeddingEntry"][];
      /**
       * Model
       * @description The model that made them: `embedding_model` of `rpc("search")`.
       */
      model: string;
      usage: components["schemas"]["EmbeddingsUsage"];
    };
    /**
     * EmbeddingsUsage
     * @description What was read.
     */
    EmbeddingsUsage: {
      /**
       * Prompt Tokens
       * @description By the model's tokenizer; what is beyond the model's limit does not count.
       */
      prompt_tokens: number;
      /**
       * Total Tokens
       * @description The same.
       */
      total_tokens: number;
    };
    /**
     * EncodingFormat
     * @description How vectors are written.
     * @enum {string}
     */
    EncodingFormat: "float" | "base64";
    /**
     * Explained
     * @description One document or product: where it is in the ranking, and how its score came about.
     */
    Explained: {
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /** @description `listed`: it is a result. `below`: others rank higher. `filtered`: `filters` names what it does not pass. `operators`: it lacks a phrase or has what is excluded. `pending`, `failed`: not embedded. `no_match`: it shares no word with the query. `missed`: its score is that of a result, and a bound or an approximate index left it out. `unknown`: there is none with this id that the caller may read. */
      reason: components["schemas"]["Reason"];
      /**
       * Rank
       * @description Its place before a reranker, from 1; null where none is known.
       */
      rank: number | null;
      /**
       * Higher
       * @description How many candidates rank higher, or have the same score; null without a score.
       */
      higher: number | null;
      /**
       * Score
       * @description Both parts weighed together, before a reranker.
       */
      score: number | null;
      /**
       * Cosine
       * @description By meaning; null where its chunk has no vector.
       */
      cosine: number | null;
      /**
       * Bm25
       * @description By words, 0 to 1; null where it has none of them.
       */
      bm25: number | null;
      /**
       * Meaning Rank
       * @description Its place in the search by meaning; null where that did not find it.
       */
      meaning_rank: number | null;
      /**
       * Words Rank
       * @description Its place in the search by words; null where that did not find it.
       */
      words_rank: number | null;
      /**
       * Chunk Id
       * @description The chunk that has the score.
       */
      chunk_id: number | null;
      /**
       * Filters
       * @description Filters that it does not pass; `in`: it is of the other kind.
       * @default []
       */
      filters: string[];
      /**
       * Operators
       * @description Phrases that it lacks, and exclusions that it has.
       * @default []
       */
      operators: string[];
    };
    /**
     * Explanation
     * @description Why it was found, or not.
     */
    Explanation: {
      plan: components["schemas"]["Plan"];
      /**
       * Results
       * @description The results, in the order before a reranker.
       */
      results: components["schemas"]["Explained"][];
      /**
       * Ids
       * @description The documents and products of `explain_ids`, in that order.
       */
      ids: components["schemas"]["Explained"][];
    };
    /**
     * FailedDocument
     * @description A document that could not be embedded, and why.
     */
    FailedDocument: {
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /** Title */
      title: string;
      /** Error */
      error: string | null;
      /**
       * Updated At
       * Format: date-time
       */
      updated_at: string;
    };
    /**
     * FileState
     * @description A file, and how far it has been read.
     */
    FileState: {
      /**
       * Name
       * @description Name within the document.
       */
      name: string;
      /**
       * Status
       * @description State of its newest version.
       * @enum {string}
       */
      status: "queued" | "reading" | "ready" | "failed";
      /**
       * Error
       * @description Why reading failed, and what to do.
       */
      error: string | null;
      /**
       * Remark
       * @description What of a file that is ready was not read, such as pages without text.
       */
      remark: string | null;
      /**
       * Content Type
       * @description As the upload said.
       */
      content_type: string | null;
      /**
       * Size
       * @description Bytes.
       */
      size: number | null;
      /**
       * Progress Done
       * @description How much has been read so far.
       */
      progress_done: number;
      /**
       * Progress Total
       * @description How much there is to read; null until that is known.
       */
      progress_total: number | null;
      /**
       * Progress Unit
       * @description What is counted, such as pages, sheets or characters.
       */
      progress_unit: string | null;
      /**
       * Updated At
       * Format: date-time
       * @description Last change of this state.
       */
      updated_at: string;
    };
    /**
     * Filters
     * @description What a result must be like. Every result passes every filter, so a kind that lacks the property is left out.
     */
    Filters: {
      /**
       * Organization Ids
       * @description Documents filed in one of these organizations, at most 100.
       */
      organization_ids?: string[] | null;
      /**
       * Document Ids
       * @description These documents, at most 100.
       */
      document_ids?: string[] | null;
      /**
       * Languages
       * @description Documents and products in one of these languages, at most 20 BCP 47 tags: `pt` is also `pt-BR`.
       * @example [
       *       "de",
       *       "pt-BR"
       *     ]
       */
      languages?: string[] | null;
      /**
       * Created After
       * @description Made at this time or later: a date, or a time with or without its offset from UTC.
       */
      created_after?: string | null;
      /**
       * Created Before
       * @description Made before this time.
       */
      created_before?: string | null;
      /**
       * Updated After
       * @description Last changed at this time or later.
       */
      updated_after?: string | null;
      /**
       * Updated Before
       * @description Last changed before this time.
       */
      updated_before?: string | null;
      /**
       * Category
       * @description Products of the category with this slug.
       */
      category?: string | null;
      /**
       * Price Min
       * @description Products at this price or above.
       */
      price_min?: number | null;
      /**
       * Price Max
       * @description Products at this price or below.
       */
      price_max?: number | null;
      /**
       * In Stock
       * @description Products that are (true) or are not (false) in stock.
       */
      in_stock?: boolean | null;
      /**
       * Metadata
       * @description What the metadata of a document or product must contain, nested objects and lists included, and operators below a name: $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $not.
       * @example {
       *       "kind": "manual",
       *       "year": {
       *         "$gte": 2024
       *       }
       *     }
       */
      metadata?: {
        [key: string]: components["schemas"]["JsonValue"];
      } | null;
    };
    /**
     * Health
     * @description Alive, or ready.
     */
    Health: {
      /**
       * Status
       * @enum {string}
       */
      status: "live" | "ready";
    };
    /**
     * Impairment
     * @description Something that does not work as usual, as a client notices it.
     */
    Impairment: {
      /**
       * What
       * @description What is concerned.
       * @example search by meaning
       */
      what: string;
      /**
       * Detail
       * @description What happens instead.
       * @example Search answers by keywords.
       */
      detail: string;
    };
    /**
     * Include
     * @description What to add to each result.
     * @enum {string}
     */
    Include: "content" | "neighbours";
    JsonValue: unknown;
    /**
     * Kind
     * @description What to search.
     * @enum {string}
     */
    Kind: "documents" | "products";
    /**
     * MeaningPlan
     * @description The search by meaning.
     */
    MeaningPlan: {
      /**
       * Method
       * @description `comparison`: chunks are compared one by one. `indexes`: HNSW indexes are walked. `comparison, then indexes`: what passes filters and phrases is compared, and indexes are walked where that is too much.
       */
      method: string;
      /**
       * Scope Indexes
       * @description Indexes of large scopes among the caller's.
       */
      scope_indexes: number;
      /**
       * Common Index
       * @description Whether the caller's other scopes are so large that the common one is used.
       */
      common_index: boolean;
      /**
       * Comparison Limit
       * @description Most chunks that are compared.
       */
      comparison_limit: number;
    };
    /**
     * Message
     * @description Something that was said.
     */
    Message: {
      /**
       * Role
       * @description Who said it.
       * @enum {string}
       */
      role: "user" | "assistant";
      /**
       * Content
       * @description 1 to 12,000 characters, white space around them not counted; a question 4,000.
       */
      content: string;
    };
    /**
     * Mode
     * @description How to search.
     * @enum {string}
     */
    Mode: "semantic" | "keyword" | "hybrid";
    /**
     * Neighbour
     * @description The chunk before or after a passage.
     */
    Neighbour: {
      /** Chunk Id */
      chunk_id: number;
      /** Content */
      content: string;
      /** Heading Path */
      heading_path: string[];
      /** Page */
      page: number | null;
      /** Start */
      start: number | null;
      /** End */
      end: number | null;
    };
    /**
     * NewDocument
     * @description A form: the files of a document, and its columns, named as in the Data API.
     */
    NewDocument: {
      /**
       * Files
       * @description The files; each keeps its name.
       */
      files: string[];
      /**
       * Title
       * @description By default the name of the first file.
       */
      title?: string | null;
      /**
       * Visibility
       * @description Who reads it.
       * @default private
       * @enum {string}
       */
      visibility?: "private" | "organization" | "public";
      /**
       * Organization Id
       * @description The organization it is filed in.
       */
      organization_id?: string | null;
      /**
       * Language
       * @description BCP 47 tag of the text, such as `de` or `pt-BR`, for stemming; detected by default.
       */
      language?: string | null;
      /**
       * Source Uri
       * @description Where it came from.
       */
      source_uri?: string | null;
      /**
       * Metadata
       * @description Any further properties: a JSON object, which search returns and filters.
       */
      metadata?: string | null;
    };
    /**
     * Owner
     * @description Whose a document is.
     */
    Owner: {
      /**
       * Kind
       * @enum {string}
       */
      kind: "organization" | "person";
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /**
       * Name
       * @description Of the organization, or the person's display name, else e-mail address.
       */
      name: string | null;
      /**
       * Handle
       * @description The organization's slug or the person's e-mail address: nobody else has it, as others may a name.
       */
      handle: string | null;
    };
    /**
     * Passage
     * @description A chunk that was found.
     */
    Passage: {
      /**
       * Chunk Id
       * @description The row of `chunks`.
       */
      chunk_id: number;
      /**
       * Content
       * @description Its text, unchanged.
       */
      content: string;
      /**
       * Context
       * @description Lines above that it needs: a table's header, a fence's language, a list's lead.
       */
      context: string;
      /**
       * Heading Path
       * @description Headings above it, outermost first.
       */
      heading_path: string[];
      /**
       * File Id
       * @description The file of the document that it is in; null for the document's text.
       */
      file_id: string | null;
      /**
       * File Name
       * @description The file's name.
       */
      file_name: string | null;
      /**
       * Page
       * @description The page on which it begins, from 1, in a file that has pages.
       */
      page: number | null;
      /**
       * Start
       * @description Its first character in the text of the document, product or file; null while that has changed and waits to be cut again, and the passage does not stand there any more. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`.
       */
      start: number | null;
      /**
       * End
       * @description One past its last character there; null as `start`.
       */
      end: number | null;
      /**
       * Score
       * @description As the result's.
       */
      score: number;
      /**
       * Highlights
       * @description Where the query's words are in `content`: first character, and one past the last. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`.
       */
      highlights: [
        number,
        number,
      ][];
      /** @description The chunk before it, where neighbours are included. */
      before: components["schemas"]["Neighbour"] | null;
      /** @description The chunk after it, where neighbours are included. */
      after: components["schemas"]["Neighbour"] | null;
    };
    /**
     * Plan
     * @description How it was searched, and within which bounds.
     */
    Plan: {
      /**
       * In
       * @description Kinds that can pass the filters.
       */
      in: string[];
      /**
       * Chunks
       * @description Chunks in the caller's scopes, without documents shared with the caller.
       */
      chunks: number;
      /**
       * Passing Filters
       * @description Documents and products that pass the filters; null without filters, and where they are too many.
       */
      passing_filters: number | null;
      /**
       * Weight Of Meaning
       * @description Of the cosine in a score; BM25 has the rest.
       */
      weight_of_meaning: number;
      /**
       * Candidates
       * @description How many documents and products were ranked.
       */
      candidates: number;
      /** @description null for a search by words. */
      meaning: components["schemas"]["MeaningPlan"] | null;
      /** @description null for a search by meaning. */
      words: components["schemas"]["WordsPlan"] | null;
    };
    /**
     * Reason
     * @description Where a document or product is, or why it is nowhere.
     * @enum {string}
     */
    Reason: "listed" | "below" | "filtered" | "operators" | "pending" | "failed" | "no_match" | "missed" | "unknown";
    /**
     * Recommendation
     * @description A product.
     */
    Recommendation: {
      /**
       * Product Id
       * Format: uuid
       * @description The product.
       */
      product_id: string;
      /**
       * Name
       * @description Its name.
       */
      name: string;
      /**
       * Price
       * @description In the currency's units.
       */
      price: number;
      /**
       * Currency
       * @description ISO 4217 code.
       */
      currency: string;
      /**
       * Category
       * @description The slug of its category.
       */
      category: string;
      /**
       * Score
       * @description More is better; comparable within one kind of reason.
       */
      score: number;
      because: components["schemas"]["Because"];
    };
    /**
     * RecommendationsResponse
     * @description What is recommended.
     */
    RecommendationsResponse: {
      /**
       * Recommendations
       * @description Best first. Empty only when nothing can be had at all.
       */
      recommendations: components["schemas"]["Recommendation"][];
      /** @description What the list begins with; another one than asked for where that had nothing to say. Null for an empty list. */
      source: components["schemas"]["Source"] | null;
      /**
       * Degraded
       * @description Whether something was down and the answer is less good for it.
       */
      degraded: boolean;
      /**
       * Degradations
       * @description What was down, and what was done instead.
       */
      degradations: components["schemas"]["Degradation"][];
      /**
       * Age Seconds
       * @description How old the answer is, when it is stale; null for an answer of now.
       */
      age_seconds: number | null;
      /**
       * Took Ms
       * @description Milliseconds in the gateway.
       */
      took_ms: number;
    };
    /**
     * ResourceMetadata
     * @description Who gives out tokens for the MCP server (RFC 9728).
     */
    ResourceMetadata: {
      /**
       * Resource
       * @description Address of the MCP server.
       */
      resource: string;
      /**
       * Resource Name
       * @default Tidegate
       */
      resource_name: string;
      /**
       * Authorization Servers
       * @description The project's Supabase Auth.
       */
      authorization_servers: string[];
      /**
       * Bearer Methods Supported
       * @default [
       *       "header"
       *     ]
       */
      bearer_methods_supported: string[];
      /**
       * Scopes Supported
       * @description What to ask for: the least of Auth. Scopes say what of a person is told, not what may be read.
       * @default [
       *       "email"
       *     ]
       */
      scopes_supported: string[];
    };
    /**
     * SearchRequest
     * @description A search.
     */
    SearchRequest: {
      /**
       * Query
       * @description What is looked for, in words: 1 to 4,000 characters, white space around it not counted.
       * @example how do I moor a boat in strong wind
       */
      query: string;
      /**
       * @description By meaning, by words, or both weighed together.
       * @default hybrid
       */
      mode?: components["schemas"]["Mode"];
      /**
       * In
       * @description What to search.
       * @default [
       *       "documents",
       *       "products"
       *     ]
       */
      in?: components["schemas"]["Kind"][];
      /**
       * Limit
       * @description Most results to return.
       * @default 10
       */
      limit?: number;
      /**
       * @description What a result must be like.
       * @default {}
       */
      filters?: components["schemas"]["Filters"];
      /**
       * @description `bounded` may miss a result by meaning now and then. `exact` compares everything that the caller may read; it is for people who are signed in, and counts as 20 requests.
       * @default bounded
       */
      effort?: components["schemas"]["Effort"];
      /**
       * Passages Per Result
       * @description Most passages of each result: its best chunks.
       * @default 1
       */
      passages_per_result?: number;
      /**
       * Include
       * @description `content`: the whole text of each result. `neighbours`: the chunks before and after each passage.
       * @default []
       */
      include?: components["schemas"]["Include"][];
      /**
       * @description `operators`: `"phrase"`, `-word` and `prefix*` count, unless the query looks like a pasted text, they leave nothing, or the search is by meaning alone. `plain`: all of it is words.
       * @default operators
       */
      syntax?: components["schemas"]["Syntax"];
      /**
       * Prefix
       * @description Whether the last word is the beginning of one, for search as people type: `fla` finds a flask. By meaning alone it changes nothing.
       * @default false
       */
      prefix?: boolean;
      /**
       * Explain
       * @description Whether to say why it was found: the plan, and the parts of each score. Counts as 2 requests more.
       * @default false
       */
      explain?: boolean;
      /**
       * Explain Ids
       * @description Documents and products, at most 20, of which to say why each is where it is, or not in the list. Implies `explain`.
       * @default []
       */
      explain_ids?: string[];
    };
    /**
     * SearchResponse
     * @description What was found.
     */
    SearchResponse: {
      /**
       * Results
       * @description Best first, each document or product once.
       */
      results: components["schemas"]["SearchResult"][];
      /** @description How it was searched: the mode asked for, or keyword after a fallback. */
      mode: components["schemas"]["Mode"];
      /** @description How the query was read: as asked, or plain by meaning and where operators gave way. */
      syntax: components["schemas"]["Syntax"];
      /**
       * Corrections
       * @description Words of the query that no text has and that were taken for others, by words only.
       * @default []
       */
      corrections: components["schemas"]["Correction"][];
      /**
       * Complete
       * @description Whether the list holds as many as asked for, or all that match among what is embedded; not where words were left out: of a prefix such as `boat*` with more than are looked for, of a text of more than 64 words that did not fill the list, and of results beyond a megabyte.
       */
      complete: boolean;
      /**
       * More
       * @description Whether there are further results, or may be: ask with a higher limit.
       * @default false
       */
      more: boolean;
      /**
       * Degraded
       * @description Whether something was down and the answer is less good for it.
       */
      degraded: boolean;
      /**
       * Degradations
       * @description What was down, and what was done instead.
       */
      degradations: components["schemas"]["Degradation"][];
      /**
       * Age Seconds
       * @description How old the answer is, when it is stale; null for an answer of now.
       */
      age_seconds: number | null;
      /**
       * Took Ms
       * @description Milliseconds in the gateway.
       */
      took_ms: number;
      /** @description With `explain`: why it was found. null without, and for an answer that fell back to the Data API or is stale. */
      explanation: components["schemas"]["Explanation"] | null;
    };
    /**
     * SearchResult
     * @description A document or a product, with the chunks of it that fit best.
     */
    SearchResult: {
      /**
       * Kind
       * @enum {string}
       */
      kind: "document" | "product";
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /**
       * Document Id
       * @description The document; null for a product.
       */
      document_id: string | null;
      /** Title */
      title: string;
      /**
       * Snippet
       * @description A piece of the first passage, unchanged, around the query's words.
       */
      snippet: string;
      /**
       * Highlights
       * @description Where the query's words are in `snippet`: first character, and one past the last. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`.
       */
      highlights: [
        number,
        number,
      ][];
      /**
       * Heading Path
       * @description Headings above the first passage, outermost first.
       */
      heading_path: string[];
      /**
       * Score
       * @description More is better; comparable within one answer.
       */
      score: number;
      /**
       * Metadata
       * @description The document's own and its front matter; for a product also sku, category, price, …
       */
      metadata: {
        [key: string]: unknown;
      };
      /** @description Whose the document is; null for a product, which is the shop's. */
      owner: components["schemas"]["Owner"] | null;
      /**
       * Passages
       * @description The chunk that ranked the result, then others of it, best first.
       */
      passages: components["schemas"]["Passage"][];
      /**
       * Content
       * @description The whole text, where content is included; null for one that is longer than an answer may be.
       */
      content: string | null;
      /**
       * Unread By Model
       * @description The embedding model that does not know the script of the document: words find it, its meaning does not. Null for others, and where the model does not tell.
       */
      unread_by_model: string | null;
    };
    /**
     * Source
     * @description What a list begins with. Which follows which, where one has too little, is up to the database.
     * @enum {string}
     */
    Source: "personal" | "similar" | "popular_in_category" | "popular";
    /**
     * StatusResponse
     * @description How the gateway is, for its clients.
     */
    StatusResponse: {
      /**
       * Status
       * @description ok when nothing that answers need is down.
       * @enum {string}
       */
      status: "ok" | "degraded";
      /**
       * Impairments
       * @description What does not work as usual; empty when everything does.
       */
      impairments: components["schemas"]["Impairment"][];
      /**
       * Failed Documents
       * @description The caller's own and those of organizations the caller edits for, the latest 20; null without a token, or when the database does not answer.
       */
      failed_documents: components["schemas"]["FailedDocument"][] | null;
    };
    /**
     * StreamOptions
     * @description How events are sent; other fields are ignored.
     */
    StreamOptions: {
      /**
       * Include Usage
       * @description Whether the last event has `usage`.
       * @default false
       */
      include_usage?: boolean;
    };
    /**
     * Syntax
     * @description How to read a query.
     * @enum {string}
     */
    Syntax: "operators" | "plain";
    /**
     * Term
     * @description A word or prefix that was looked for.
     */
    Term: {
      /** Word */
      word: string;
      /**
       * Chunks
       * @description How many of the caller's chunks have it.
       */
      chunks: number;
      /**
       * Weight
       * @description Its part of the words' score.
       */
      weight: number;
    };
    /**
     * TextPart
     * @description A part of a message.
     */
    TextPart: {
      /**
       * Type
       * @description Only text is read.
       * @constant
       */
      type: "text";
      /**
       * Text
       * @description The text.
       */
      text: string;
    };
    /**
     * UsedPassage
     * @description A passage that the answer was made from.
     */
    UsedPassage: {
      /**
       * Kind
       * @enum {string}
       */
      kind: "document" | "product";
      /**
       * Id
       * Format: uuid
       */
      id: string;
      /**
       * Document Id
       * @description The document; null for a product.
       */
      document_id: string | null;
      /** Title */
      title: string;
      /** @description Whose the document is; null for a product, which is the shop's. */
      owner: components["schemas"]["Owner"] | null;
      /**
       * Chunk Id
       * @description The row of `chunks`.
       */
      chunk_id: number;
      /**
       * Content
       * @description Its text, unchanged.
       */
      content: string;
      /**
       * Context
       * @description Lines above that it needs, such as a table's header.
       */
      context: string;
      /**
       * Heading Path
       * @description Headings above it, outermost first.
       */
      heading_path: string[];
      /**
       * File Id
       * @description The file of the document that it is in; null for the document's text.
       */
      file_id: string | null;
      /** File Name */
      file_name: string | null;
      /**
       * Page
       * @description The page on which it begins, from 1, in a file that has pages.
       */
      page: number | null;
      /**
       * Start
       * @description Its first character in the text of the document, product or file; null while that has changed and the passage does not stand there any more. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`.
       */
      start: number | null;
      /**
       * End
       * @description One past its last character there; null as `start`.
       */
      end: number | null;
      /**
       * Score
       * @description More is better; comparable within one answer.
       */
      score: number;
    };
    /**
     * WordsPlan
     * @description The search by words.
     */
    WordsPlan: {
      /**
       * Terms
       * @description What was looked for, the rarest first, at most 64.
       */
      terms: components["schemas"]["Term"][];
      /**
       * Posting Limit
       * @description Most postings that are read.
       */
      posting_limit: number;
    };
    /**
     * DeltaEvent
     * @description More of the answer's text.
     */
    DeltaEvent: {
      /**
       * Text
       * @description What follows the text before it.
       */
      text: string;
    };
    /**
     * ErrorEvent
     * @description The answer broke off.
     */
    ErrorEvent: {
      /**
       * Detail
       * @description Why, in words.
       */
      detail: string;
    };
    /**
     * SearchEvent
     * @description The search is done; a second one, without passages, takes them back where none answers.
     */
    SearchEvent: {
      /**
       * Question
       * @description What was searched for.
       */
      question: string;
      /**
       * Passages
       * @description What the answer is made from, best first.
       */
      passages: components["schemas"]["UsedPassage"][];
      /**
       * Complete
       * @description Whether the search was complete.
       */
      complete: boolean;
    };
    /**
     * AnswerEnd
     * @description The rest of an answer: all but its text, citations and passages, which were sent before.
     */
    AnswerEnd: {
      /**
       * Kind
       * @description `generated` by a model, or `quoted`: sentences of passages, the best first.
       * @enum {string}
       */
      kind: "generated" | "quoted";
      /**
       * Question
       * @description What was searched for: the question, or what a conversation made of it.
       */
      question: string;
      /**
       * Grounded
       * @description Whether the answer has a citation; false where nothing was found.
       */
      grounded: boolean;
      /**
       * Complete
       * @description Whether the search was complete, and the model came to an end.
       */
      complete: boolean;
      /**
       * Degraded
       * @description Whether something was down and the answer is less good for it.
       */
      degraded: boolean;
      /**
       * Degradations
       * @description What was down, and what was done instead.
       */
      degradations: components["schemas"]["Degradation"][];
      /**
       * Age Seconds
       * @description How old the answer or the search is, when it is stale; null for one of now.
       * @default null
       */
      age_seconds: number | null;
      usage: components["schemas"]["AnswerUsage"];
      /**
       * Took Ms
       * @description Milliseconds in the gateway.
       */
      took_ms: number;
    };
    /**
     * ProblemField
     * @description One wrong field.
     */
    ProblemField: {
      /**
       * Pointer
       * @description JSON pointer into the body as a URI fragment, or the name of a parameter.
       */
      pointer: string;
      /**
       * Detail
       * @description What is wrong with it, and what is allowed.
       */
      detail: string;
      /**
       * Code
       * @description The same for programs.
       */
      code: string;
    };
    /**
     * Problem
     * @description An error (RFC 9457).
     * @example {
     *       "detail": "1 field is not valid.",
     *       "errors": [
     *         {
     *           "code": "less_than_equal",
     *           "detail": "It should be less than or equal to 100.",
     *           "pointer": "#/limit"
     *         }
     *       ],
     *       "instance": "/v1/search",
     *       "request_id": "5f0c8a8b7c0d4b5e",
     *       "status": 422,
     *       "title": "The input is not valid",
     *       "type": "urn:tidegate:problem:invalid-input"
     *     }
     */
    Problem: {
      /**
       * Type
       * @description What kind of error: a stable URN.
       */
      type: string;
      /**
       * Title
       * @description The kind in words.
       */
      title: string;
      /**
       * Status
       * @description The HTTP status.
       */
      status: number;
      /**
       * Detail
       * @description What is wrong this time, and what to do.
       */
      detail: string;
      /**
       * Instance
       * @description The path that was asked.
       */
      instance: string;
      /**
       * Request Id
       * @description Also in the header X-Request-Id and in the gateway's log.
       */
      request_id: string;
      /**
       * Errors
       * @description The wrong fields, at most 20.
       * @default null
       */
      errors?: components["schemas"]["ProblemField"][] | null;
    } & {
      [key: string]: unknown;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  search: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "query": "How do I moor a boat in strong wind?",
         *       "in": [
         *         "documents"
         *       ],
         *       "limit": 5,
         *       "filters": {
         *         "languages": [
         *           "en"
         *         ]
         *       }
         *     }
         */
        "application/json": components["schemas"]["SearchRequest"];
      };
    };
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "results": [
           *         {
           *           "kind": "document",
           *           "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "document_id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "title": "Harbour manual",
           *           "snippet": "In strong wind double the bow line and add a spring.",
           *           "highlights": [
           *             [
           *               3,
           *               9
           *             ],
           *             [
           *               10,
           *               14
           *             ]
           *           ],
           *           "heading_path": [
           *             "Mooring"
           *           ],
           *           "score": 0.91,
           *           "metadata": {
           *             "year": 2026
           *           },
           *           "owner": {
           *             "kind": "person",
           *             "id": "0c5b9d0e-2a53-4d0e-8d0a-1f2e3d4c5b6a",
           *             "name": "Ada",
           *             "handle": "ada@example.org"
           *           },
           *           "passages": [
           *             {
           *               "chunk_id": 4711,
           *               "content": "In strong wind double the bow line and add a spring.",
           *               "context": "",
           *               "heading_path": [
           *                 "Mooring"
           *               ],
           *               "file_id": null,
           *               "file_name": null,
           *               "page": null,
           *               "start": 310,
           *               "end": 362,
           *               "score": 0.91,
           *               "highlights": [
           *                 [
           *                   3,
           *                   9
           *                 ],
           *                 [
           *                   10,
           *                   14
           *                 ]
           *               ],
           *               "before": null,
           *               "after": null
           *             }
           *           ],
           *           "content": null,
           *           "unread_by_model": null
           *         }
           *       ],
           *       "mode": "hybrid",
           *       "syntax": "operators",
           *       "corrections": [],
           *       "complete": true,
           *       "more": false,
           *       "degraded": false,
           *       "degradations": [],
           *       "age_seconds": null,
           *       "took_ms": 12.5,
           *       "explanation": null
           *     }
           */
          "application/json": components["schemas"]["SearchResponse"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is not declared as JSON. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  answer: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "question": "How do I moor a boat in strong wind?",
         *       "limit": 3
         *     }
         */
        "application/json": components["schemas"]["AnswerRequest"];
      };
    };
    responses: {
      /** @description The answer, or its events. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "answer": "In strong wind double the bow line and add a spring.",
           *       "citations": [
           *         {
           *           "start": 0,
           *           "end": 52,
           *           "kind": "document",
           *           "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "document_id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "title": "Harbour manual",
           *           "file_id": null,
           *           "file_name": null,
           *           "page": null,
           *           "heading_path": [
           *             "Mooring"
           *           ],
           *           "chunk_id": 4711,
           *           "passage_start": 0,
           *           "passage_end": 52,
           *           "quote": "In strong wind double the bow line and add a spring."
           *         }
           *       ],
           *       "passages": [
           *         {
           *           "kind": "document",
           *           "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "document_id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *           "title": "Harbour manual",
           *           "owner": {
           *             "kind": "person",
           *             "id": "0c5b9d0e-2a53-4d0e-8d0a-1f2e3d4c5b6a",
           *             "name": "Ada",
           *             "handle": "ada@example.org"
           *           },
           *           "chunk_id": 4711,
           *           "content": "In strong wind double the bow line and add a spring.",
           *           "context": "",
           *           "heading_path": [
           *             "Mooring"
           *           ],
           *           "file_id": null,
           *           "file_name": null,
           *           "page": null,
           *           "start": 310,
           *           "end": 362,
           *           "score": 0.91
           *         }
           *       ],
           *       "kind": "quoted",
           *       "question": "How do I moor a boat in strong wind?",
           *       "grounded": true,
           *       "complete": true,
           *       "degraded": false,
           *       "degradations": [],
           *       "age_seconds": null,
           *       "usage": {
           *         "prompt_tokens": 0,
           *         "completion_tokens": 0,
           *         "total_tokens": 0,
           *         "sentences": 12,
           *         "citations_dropped": 0
           *       },
           *       "took_ms": 41.5
           *     }
           */
          "application/json": components["schemas"]["AnswerResponse"];
          "text/event-stream": {
            /** @constant */
            event: "search";
            data: string;
          } | {
            /** @constant */
            event: "delta";
            data: string;
          } | {
            /** @constant */
            event: "citation";
            data: string;
          } | {
            /** @constant */
            event: "degradation";
            data: string;
          } | {
            /** @constant */
            event: "done";
            data: string;
          } | {
            /** @constant */
            event: "error";
            data: string;
          };
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is not declared as JSON. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  complete_chat: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "model": "tidegate",
         *       "messages": [
         *         {
         *           "role": "user",
         *           "content": "How do I moor a boat in strong wind?"
         *         }
         *       ]
         *     }
         */
        "application/json": components["schemas"]["ChatRequest"];
      };
    };
    responses: {
      /** @description The answer, or its events. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "chatcmpl-5f0c8a8b7c0d4b5e",
           *       "object": "chat.completion",
           *       "created": 1795939200,
           *       "model": "tidegate",
           *       "choices": [
           *         {
           *           "index": 0,
           *           "message": {
           *             "role": "assistant",
           *             "content": "In strong wind double the bow line and add a spring.",
           *             "refusal": null,
           *             "annotations": [
           *               {
           *                 "type": "url_citation",
           *                 "url_citation": {
           *                   "start_index": 0,
           *                   "end_index": 52,
           *                   "url": "https://project.supabase.co/rest/v1/documents?id=eq.6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *                   "title": "Harbour manual"
           *                 },
           *                 "citation": {
           *                   "start": 0,
           *                   "end": 52,
           *                   "kind": "document",
           *                   "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *                   "document_id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *                   "title": "Harbour manual",
           *                   "file_id": null,
           *                   "file_name": null,
           *                   "page": null,
           *                   "heading_path": [
           *                     "Mooring"
           *                   ],
           *                   "chunk_id": 4711,
           *                   "passage_start": 0,
           *                   "passage_end": 52,
           *                   "quote": "In strong wind double the bow line and add a spring."
           *                 }
           *               }
           *             ]
           *           },
           *           "finish_reason": "stop"
           *         }
           *       ],
           *       "usage": {
           *         "prompt_tokens": 0,
           *         "completion_tokens": 0,
           *         "total_tokens": 0
           *       },
           *       "tidegate": {
           *         "kind": "quoted",
           *         "question": "How do I moor a boat in strong wind?",
           *         "grounded": true,
           *         "complete": true,
           *         "degraded": false,
           *         "degradations": [],
           *         "age_seconds": null,
           *         "usage": {
           *           "prompt_tokens": 0,
           *           "completion_tokens": 0,
           *           "total_tokens": 0,
           *           "sentences": 12,
           *           "citations_dropped": 0
           *         },
           *         "took_ms": 41.5
           *       }
           *     }
           */
          "application/json": components["schemas"]["ChatCompletion"];
          "text/event-stream": {
            data: string;
          };
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is not declared as JSON. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  list_models: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "object": "list",
           *       "data": [
           *         {
           *           "id": "tidegate",
           *           "object": "model",
           *           "created": 0,
           *           "owned_by": "tidegate"
           *         }
           *       ]
           *     }
           */
          "application/json": components["schemas"]["ChatModelList"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "tidegate",
           *       "object": "model",
           *       "created": 0,
           *       "owned_by": "tidegate"
           *     }
           */
          "application/json": components["schemas"]["ChatModelEntry"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  embed: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "input": [
         *         "How do I moor a boat in strong wind?"
         *       ]
         *     }
         */
        "application/json": components["schemas"]["EmbeddingsRequest"];
      };
    };
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "object": "list",
           *       "data": [
           *         {
           *           "object": "embedding",
           *           "index": 0,
           *           "embedding": [
           *             0.6,
           *             0.8
           *           ]
           *         }
           *       ],
           *       "model": "all-MiniLM-L6-v2",
           *       "usage": {
           *         "prompt_tokens": 11,
           *         "total_tokens": 11
           *       }
           *     }
           */
          "application/json": components["schemas"]["EmbeddingsResponse"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is not declared as JSON. */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  recommend: {
    parameters: {
      query?: {
        /** @description Products that go with this one. */
        like?: string | null;
        /** @description Products of the category with this slug; alone, its most popular. */
        category?: string | null;
        /** @description Most products to return. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "recommendations": [
           *         {
           *           "product_id": "b0de0000-0000-4000-8000-000000005001",
           *           "name": "Head torch",
           *           "price": 39.9,
           *           "currency": "EUR",
           *           "category": "light",
           *           "score": 12,
           *           "because": {
           *             "kind": "bought_together",
           *             "product_id": "b0de0000-0000-4000-8000-000000005002",
           *             "name": "Camp lamp"
           *           }
           *         }
           *       ],
           *       "source": "personal",
           *       "degraded": false,
           *       "degradations": [],
           *       "age_seconds": null,
           *       "took_ms": 3.5
           *     }
           */
          "application/json": components["schemas"]["RecommendationsResponse"];
        };
      };
      /** @description The answer is the one of If-None-Match. */
      304: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  add_document: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["NewDocument"];
      };
    };
    responses: {
      /** @description Successful Response */
      202: {
        headers: {
          /** @description Where its state is told. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *       "title": "Harbour manual",
           *       "status": "pending",
           *       "error": null,
           *       "chunks_done": 0,
           *       "chunks_total": null,
           *       "created_at": "2026-11-29T08:00:00Z",
           *       "updated_at": "2026-11-29T08:00:00Z",
           *       "files": [
           *         {
           *           "name": "harbour.pdf",
           *           "status": "queued",
           *           "error": null,
           *           "remark": null,
           *           "content_type": "application/pdf",
           *           "size": 48213,
           *           "progress_done": 0,
           *           "progress_total": null,
           *           "progress_unit": null,
           *           "updated_at": "2026-11-29T08:00:00Z"
           *         }
           *       ]
           *     }
           */
          "application/json": components["schemas"]["DocumentState"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_document: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The document. */
        document_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "id": "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10",
           *       "title": "Harbour manual",
           *       "status": "ready",
           *       "error": null,
           *       "chunks_done": 9,
           *       "chunks_total": 9,
           *       "created_at": "2026-11-29T08:00:00Z",
           *       "updated_at": "2026-11-29T08:00:00Z",
           *       "files": [
           *         {
           *           "name": "harbour.pdf",
           *           "status": "queued",
           *           "error": null,
           *           "remark": null,
           *           "content_type": "application/pdf",
           *           "size": 48213,
           *           "progress_done": 0,
           *           "progress_total": null,
           *           "progress_unit": null,
           *           "updated_at": "2026-11-29T08:00:00Z"
           *         }
           *       ]
           *     }
           */
          "application/json": components["schemas"]["DocumentState"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Fields are wrong; `errors` says which, and what is allowed. */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_resource: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "resource": "https://api.example.com/mcp",
           *       "resource_name": "Tidegate",
           *       "authorization_servers": [
           *         "https://project.supabase.co/auth/v1"
           *       ],
           *       "bearer_methods_supported": [
           *         "header"
           *       ],
           *       "scopes_supported": [
           *         "email"
           *       ]
           *     }
           */
          "application/json": components["schemas"]["ResourceMetadata"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_mcp_resource: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "resource": "https://api.example.com/mcp",
           *       "resource_name": "Tidegate",
           *       "authorization_servers": [
           *         "https://project.supabase.co/auth/v1"
           *       ],
           *       "bearer_methods_supported": [
           *         "header"
           *       ],
           *       "scopes_supported": [
           *         "email"
           *       ]
           *     }
           */
          "application/json": components["schemas"]["ResourceMetadata"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_status: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "status": "degraded",
           *       "impairments": [
           *         {
           *           "what": "search by meaning",
           *           "detail": "Search answers by keywords."
           *         }
           *       ],
           *       "failed_documents": null
           *     }
           */
          "application/json": components["schemas"]["StatusResponse"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The token is not valid, or its account is closed (it is never treated as absent), or one is needed. */
      401: {
        headers: {
          /** @description The challenge of RFC 6750. */
          "WWW-Authenticate"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The account is banned, the gateway does not serve the role, or only people who sign in may ask for this. */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again. */
      429: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          /** @description The limits (draft-ietf-httpapi-ratelimit-headers). */
          "RateLimit-Policy"?: string;
          /** @description What is left of them. */
          RateLimit?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_liveness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "status": "live"
           *     }
           */
          "application/json": components["schemas"]["Health"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
  get_readiness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Successful Response */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          /**
           * @example {
           *       "status": "ready"
           *     }
           */
          "application/json": components["schemas"]["Health"];
        };
      };
      /** @description The request cannot be read. */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description No route has this path, or nothing that the caller may see has this id. */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The path has other methods; the header Allow names them. */
      405: {
        headers: {
          /** @description The methods there are. */
          Allow?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The request did not arrive in time. */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The body is too large. */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description The headers are too large. */
      431: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description Something unexpected; the log has it under the request id. */
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
      /** @description A dependency does not answer; the header Retry-After says when to try again. */
      503: {
        headers: {
          /** @description Seconds. */
          "Retry-After"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/problem+json": components["schemas"]["Problem"];
        };
      };
    };
  };
}
