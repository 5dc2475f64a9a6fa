// Written by `make types` from the migrations. What it cannot say is in database.ts.
// deno-lint-ignore-file

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "categories": {
        Row: {
          "created_at": string;
          "description": string;
          "id": string;
          "name": string;
          "slug": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "name": string;
          "slug": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "id"?: string;
          "name"?: string;
          "slug"?: string;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "chunk_embeddings": {
        Row: {
          "chunk_id": number;
          "dimensions": number;
          "embedding": unknown;
          "is_indexed": boolean;
          "model_id": number;
          "scope_id": string;
          "scope_index_id": number;
          "source_id": string;
        };
        ComputedFields: never;
        Insert: {
          "chunk_id": number;
          "dimensions"?: never;
          "embedding": unknown;
          "is_indexed"?: boolean;
          "model_id": number;
          "scope_id": string;
          "scope_index_id"?: number;
          "source_id": string;
        };
        Update: {
          "chunk_id"?: number;
          "dimensions"?: never;
          "embedding"?: unknown;
          "is_indexed"?: boolean;
          "model_id"?: number;
          "scope_id"?: string;
          "scope_index_id"?: number;
          "source_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chunk_embeddings_chunk_id_source_id_scope_id_fkey";
            columns: ["chunk_id", "source_id", "scope_id"];
            isOneToOne: false;
            referencedRelation: "chunks";
            referencedColumns: ["id", "source_id", "scope_id"];
          },
        ];
      };
      "chunks": {
        Row: {
          "content": string;
          "context": string;
          "document_id": string | null;
          "end_offset": number;
          "file_id": string | null;
          "heading_path": (string)[];
          "id": number;
          "input_hash": string;
          "language": string;
          "page": number | null;
          "position": number;
          "product_id": string | null;
          "scope_id": string;
          "search_vector": unknown;
          "source_id": string;
          "start_offset": number;
          "stemmer": string;
          "title": string;
          "token_count": number;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "context"?: string;
          "document_id"?: string | null;
          "end_offset": number;
          "file_id"?: string | null;
          "heading_path"?: (string)[];
          "id"?: number;
          "input_hash": string;
          "language": string;
          "page"?: number | null;
          "position": number;
          "product_id"?: string | null;
          "scope_id": string;
          "search_vector"?: never;
          "source_id"?: never;
          "start_offset": number;
          "stemmer"?: never;
          "title": string;
          "token_count": number;
        };
        Update: {
          "content"?: string;
          "context"?: string;
          "document_id"?: string | null;
          "end_offset"?: number;
          "file_id"?: string | null;
          "heading_path"?: (string)[];
          "id"?: number;
          "input_hash"?: string;
          "language"?: string;
          "page"?: number | null;
          "position"?: number;
          "product_id"?: string | null;
          "scope_id"?: string;
          "search_vector"?: never;
          "source_id"?: never;
          "start_offset"?: number;
          "stemmer"?: never;
          "title"?: string;
          "token_count"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "chunks_document_id_scope_id_fkey";
            columns: ["document_id", "scope_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id", "scope_id"];
          },
          {
            foreignKeyName: "chunks_file_id_fkey";
            columns: ["file_id"];
            isOneToOne: false;
            referencedRelation: "document_files";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chunks_product_id_scope_id_fkey";
            columns: ["product_id", "scope_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["id", "scope_id"];
          },
        ];
      };
      "currencies": {
        Row: {
          "code": string;
          "minor_digits": number;
        };
        ComputedFields: never;
        Insert: {
          "code": string;
          "minor_digits": number;
        };
        Update: {
          "code"?: string;
          "minor_digits"?: number;
        };
        Relationships: [];
      };
      "document_files": {
        Row: {
          "content_type": string | null;
          "created_at": string;
          "document_id": string;
          "error": string | null;
          "id": string;
          "key": string;
          "name": string;
          "progress_done": number;
          "progress_total": number | null;
          "progress_unit": string | null;
          "remark": string | null;
          "scope_id": string;
          "size": number | null;
          "status": Database["public"]["Enums"]["file_status"];
          "updated_at": string;
          "version": string;
        };
        ComputedFields: never;
        Insert: {
          "content_type"?: string | null;
          "created_at"?: string;
          "document_id": string;
          "error"?: string | null;
          "id": string;
          "key": string;
          "name": string;
          "progress_done"?: number;
          "progress_total"?: number | null;
          "progress_unit"?: string | null;
          "remark"?: string | null;
          "scope_id": string;
          "size"?: number | null;
          "status"?: Database["public"]["Enums"]["file_status"];
          "updated_at"?: string;
          "version": string;
        };
        Update: {
          "content_type"?: string | null;
          "created_at"?: string;
          "document_id"?: string;
          "error"?: string | null;
          "id"?: string;
          "key"?: string;
          "name"?: string;
          "progress_done"?: number;
          "progress_total"?: number | null;
          "progress_unit"?: string | null;
          "remark"?: string | null;
          "scope_id"?: string;
          "size"?: number | null;
          "status"?: Database["public"]["Enums"]["file_status"];
          "updated_at"?: string;
          "version"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "document_files_document_id_scope_id_fkey";
            columns: ["document_id", "scope_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id", "scope_id"];
          },
        ];
      };
      "document_shares": {
        Row: {
          "created_at": string;
          "document_id": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "document_id": string;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "document_id"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "document_shares_document_id_fkey";
            columns: ["document_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id"];
          },
        ];
      };
      "documents": {
        Row: {
          "chunks_done": number;
          "chunks_total": number | null;
          "content": string;
          "created_at": string;
          "error": string | null;
          "front_matter": NonNullable<Json>;
          "id": string;
          "language": string | null;
          "language_is_detected": boolean;
          "metadata": NonNullable<Json>;
          "organization_id": string | null;
          "owner_id": string | null;
          "scope_id": string | null;
          "source_uri": string | null;
          "status": Database["public"]["Enums"]["document_status"];
          "title": string;
          "unread_by_model": string | null;
          "updated_at": string;
          "visibility": Database["public"]["Enums"]["document_visibility"];
        };
        ComputedFields: never;
        Insert: {
          "chunks_done"?: number;
          "chunks_total"?: number | null;
          "content"?: string;
          "created_at"?: string;
          "error"?: string | null;
          "front_matter"?: NonNullable<Json>;
          "id"?: string;
          "language"?: string | null;
          "language_is_detected"?: boolean;
          "metadata"?: NonNullable<Json>;
          "organization_id"?: string | null;
          "owner_id"?: string | null;
          "scope_id"?: never;
          "source_uri"?: string | null;
          "status"?: Database["public"]["Enums"]["document_status"];
          "title": string;
          "unread_by_model"?: string | null;
          "updated_at"?: string;
          "visibility"?: Database["public"]["Enums"]["document_visibility"];
        };
        Update: {
          "chunks_done"?: number;
          "chunks_total"?: number | null;
          "content"?: string;
          "created_at"?: string;
          "error"?: string | null;
          "front_matter"?: NonNullable<Json>;
          "id"?: string;
          "language"?: string | null;
          "language_is_detected"?: boolean;
          "metadata"?: NonNullable<Json>;
          "organization_id"?: string | null;
          "owner_id"?: string | null;
          "scope_id"?: never;
          "source_uri"?: string | null;
          "status"?: Database["public"]["Enums"]["document_status"];
          "title"?: string;
          "unread_by_model"?: string | null;
          "updated_at"?: string;
          "visibility"?: Database["public"]["Enums"]["document_visibility"];
        };
        Relationships: [
          {
            foreignKeyName: "documents_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "file_texts": {
        Row: {
          "content": string;
          "document_id": string;
          "file_id": string;
          "is_markdown": boolean;
          "page_starts": (number)[];
          "scope_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "document_id": string;
          "file_id": string;
          "is_markdown"?: boolean;
          "page_starts"?: (number)[];
          "scope_id": string;
        };
        Update: {
          "content"?: string;
          "document_id"?: string;
          "file_id"?: string;
          "is_markdown"?: boolean;
          "page_starts"?: (number)[];
          "scope_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "file_texts_document_id_scope_id_fkey";
            columns: ["document_id", "scope_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id", "scope_id"];
          },
          {
            foreignKeyName: "file_texts_file_id_fkey";
            columns: ["file_id"];
            isOneToOne: true;
            referencedRelation: "document_files";
            referencedColumns: ["id"];
          },
        ];
      };
      "interactions": {
        Row: {
          "created_at": string;
          "id": number;
          "kind": Database["public"]["Enums"]["interaction_kind"];
          "order_id": string | null;
          "product_id": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: number;
          "kind": Database["public"]["Enums"]["interaction_kind"];
          "order_id"?: string | null;
          "product_id": string;
          "user_id"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: number;
          "kind"?: Database["public"]["Enums"]["interaction_kind"];
          "order_id"?: string | null;
          "product_id"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "interactions_product_id_fkey";
            columns: ["product_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["id"];
          },
        ];
      };
      "invitations": {
        Row: {
          "answered_at": string | null;
          "created_at": string;
          "document_id": string | null;
          "email": string | null;
          "expires_at": string;
          "id": string;
          "invited_by": string | null;
          "inviter_email": string | null;
          "organization_id": string | null;
          "role": Database["public"]["Enums"]["membership_role"] | null;
          "status": Database["public"]["Enums"]["invitation_status"];
          "title": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "answered_at"?: string | null;
          "created_at"?: string;
          "document_id"?: string | null;
          "email"?: string | null;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "inviter_email"?: string | null;
          "organization_id"?: string | null;
          "role"?: Database["public"]["Enums"]["membership_role"] | null;
          "status"?: Database["public"]["Enums"]["invitation_status"];
          "title"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "answered_at"?: string | null;
          "created_at"?: string;
          "document_id"?: string | null;
          "email"?: string | null;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "inviter_email"?: string | null;
          "organization_id"?: string | null;
          "role"?: Database["public"]["Enums"]["membership_role"] | null;
          "status"?: Database["public"]["Enums"]["invitation_status"];
          "title"?: string;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "invitations_document_id_fkey";
            columns: ["document_id"];
            isOneToOne: false;
            referencedRelation: "documents";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "invitations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "memberships": {
        Row: {
          "created_at": string;
          "organization_id": string;
          "role": Database["public"]["Enums"]["membership_role"];
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "organization_id": string;
          "role"?: Database["public"]["Enums"]["membership_role"];
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "organization_id"?: string;
          "role"?: Database["public"]["Enums"]["membership_role"];
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "memberships_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "order_items": {
        Row: {
          "name": string;
          "order_id": string;
          "position": number;
          "product_id": string | null;
          "quantity": number;
          "sku": string;
          "unit_price": number;
        };
        ComputedFields: never;
        Insert: {
          "name": string;
          "order_id": string;
          "position": number;
          "product_id"?: string | null;
          "quantity": number;
          "sku": string;
          "unit_price": number;
        };
        Update: {
          "name"?: string;
          "order_id"?: string;
          "position"?: number;
          "product_id"?: string | null;
          "quantity"?: number;
          "sku"?: string;
          "unit_price"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "order_items_order_id_fkey";
            columns: ["order_id"];
            isOneToOne: false;
            referencedRelation: "orders";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "order_items_product_id_fkey";
            columns: ["product_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["id"];
          },
        ];
      };
      "orders": {
        Row: {
          "buyer_id": string | null;
          "cancelled_at": string | null;
          "created_at": string;
          "currency": string;
          "id": string;
          "paid_at": string | null;
          "reason": string | null;
          "refunded_at": string | null;
          "shipped_at": string | null;
          "status": string;
          "total": number;
          "updated_at": string;
          "withdrawn_at": string | null;
          "expires_at": string | null;
          "payment_action": Json | null;
        };
        ComputedFields: "expires_at" | "payment_action";
        Insert: {
          "buyer_id"?: string | null;
          "cancelled_at"?: string | null;
          "created_at"?: string;
          "currency": string;
          "id"?: string;
          "paid_at"?: string | null;
          "reason"?: string | null;
          "refunded_at"?: string | null;
          "shipped_at"?: string | null;
          "status"?: string;
          "total": number;
          "updated_at"?: string;
          "withdrawn_at"?: string | null;
        };
        Update: {
          "buyer_id"?: string | null;
          "cancelled_at"?: string | null;
          "created_at"?: string;
          "currency"?: string;
          "id"?: string;
          "paid_at"?: string | null;
          "reason"?: string | null;
          "refunded_at"?: string | null;
          "shipped_at"?: string | null;
          "status"?: string;
          "total"?: number;
          "updated_at"?: string;
          "withdrawn_at"?: string | null;
        };
        Relationships: [];
      };
      "organizations": {
        Row: {
          "created_at": string;
          "created_by": string | null;
          "id": string;
          "may_publish": boolean;
          "name": string;
          "published_at": string | null;
          "slug": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "may_publish"?: boolean;
          "name": string;
          "published_at"?: string | null;
          "slug": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "created_by"?: string | null;
          "id"?: string;
          "may_publish"?: boolean;
          "name"?: string;
          "published_at"?: string | null;
          "slug"?: string;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "product_popularity": {
        Row: {
          "category_id": string;
          "product_id": string;
          "scope_id": string;
          "score": number;
        };
        ComputedFields: never;
        Insert: {
          "category_id": string;
          "product_id": string;
          "scope_id": string;
          "score": number;
        };
        Update: {
          "category_id"?: string;
          "product_id"?: string;
          "scope_id"?: string;
          "score"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "product_popularity_product_id_scope_id_category_id_fkey";
            columns: ["product_id", "scope_id", "category_id"];
            isOneToOne: false;
            referencedRelation: "products";
            referencedColumns: ["id", "scope_id", "category_id"];
          },
        ];
      };
      "products": {
        Row: {
          "category_id": string;
          "created_at": string;
          "currency": string;
          "description": string;
          "id": string;
          "is_active": boolean;
          "is_in_stock": boolean;
          "language": string;
          "metadata": NonNullable<Json>;
          "name": string;
          "price": number;
          "price_cents": number;
          "scope_id": string;
          "sku": string;
          "stock": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "category_id": string;
          "created_at"?: string;
          "currency"?: string;
          "description"?: string;
          "id"?: string;
          "is_active"?: boolean;
          "is_in_stock"?: never;
          "language"?: string;
          "metadata"?: NonNullable<Json>;
          "name": string;
          "price": number;
          "price_cents"?: never;
          "scope_id"?: never;
          "sku": string;
          "stock"?: number;
          "updated_at"?: string;
        };
        Update: {
          "category_id"?: string;
          "created_at"?: string;
          "currency"?: string;
          "description"?: string;
          "id"?: string;
          "is_active"?: boolean;
          "is_in_stock"?: never;
          "language"?: string;
          "metadata"?: NonNullable<Json>;
          "name"?: string;
          "price"?: number;
          "price_cents"?: never;
          "scope_id"?: never;
          "sku"?: string;
          "stock"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "products_category_fkey";
            columns: ["category_id"];
            isOneToOne: false;
            referencedRelation: "categories";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "products_currency_fkey";
            columns: ["currency"];
            isOneToOne: false;
            referencedRelation: "currencies";
            referencedColumns: ["code"];
          },
        ];
      };
      "profiles": {
        Row: {
          "created_at": string;
          "display_name": string | null;
          "email": string | null;
          "id": string;
          "phone": string | null;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email"?: string | null;
          "id": string;
          "phone"?: string | null;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "display_name"?: string | null;
          "email"?: string | null;
          "id"?: string;
          "phone"?: string | null;
          "updated_at"?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "accept_invitation": { Args: { "invitation_id": string }; Returns: Json };
      "cancel_order": { Args: { "order_id": string }; Returns: Json };
      "close_account": { Args: Record<PropertyKey, never>; Returns: Json };
      "close_payment_event": { Args: { "event_id": string }; Returns: undefined };
      "decline_invitation": { Args: { "invitation_id": string }; Returns: Json };
      "expires_at": {
        Args: { "": Database["public"]["Tables"]["orders"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.expires_at with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "failed_payments": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "amount": number;
          "attempts": number;
          "currency": string;
          "failed_at": string;
          "kind": string;
          "last_error": string;
          "order_id": string;
        }[];
      };
      "invite": {
        Args: {
          "document_id"?: string;
          "email"?: string;
          "organization_id"?: string;
          "role"?: Database["public"]["Enums"]["membership_role"];
          "user_id"?: string;
        };
        Returns: Json;
      };
      "mark_never_charged": { Args: { "order_id": string; "reason": string }; Returns: Json };
      "mark_paid": { Args: { "order_id": string }; Returns: Json };
      "mark_refunded": { Args: { "order_id": string }; Returns: Json };
      "my_orders": { Args: { "max_orders"?: number; "order_id"?: string }; Returns: Json };
      "payment_action": {
        Args: { "": Database["public"]["Tables"]["orders"]["Row"] };
        Returns:
          & { error: true }
          & "the function public.payment_action with parameter or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache";
      };
      "payment_events_to_review": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "body": Json;
          "id": string;
          "note": string;
          "order_id": string;
          "outcome": string;
          "received_at": string;
          "type": string;
        }[];
      };
      "payments_of_order": {
        Args: { "order_id": string };
        Returns: {
          "amount": number;
          "currency": string;
          "done_at": string;
          "kind": string;
          "last_error": string;
          "reference": string;
          "settled_by": string;
          "settled_reason": string;
          "state": string;
        }[];
      };
      "place_order": {
        Args: { "expected_currency"?: string; "expected_total"?: number; "idempotency_key"?: string; "items": Json };
        Returns: Json;
      };
      "purchase": {
        Args: {
          "expected_currency"?: string;
          "expected_total"?: number;
          "idempotency_key"?: string;
          "product_id": string;
          "quantity"?: number;
        };
        Returns: Json;
      };
      "read_source": { Args: { "max_characters"?: number; "skip"?: number; "source_id": string }; Returns: Json };
      "receive_payment_event": { Args: { "event": Json }; Returns: Json };
      "recommend": {
        Args: { "category"?: string; "like_product"?: string; "max_results"?: number; "mode"?: string };
        Returns: Database["public"]["CompositeTypes"]["recommend_answer"];
        SetofOptions: {
          from: "*";
          to: "recommend_answer";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "refund_order": { Args: { "order_id": string }; Returns: Json };
      "retry_document": { Args: { "document_id": string }; Returns: undefined };
      "retry_payment": { Args: { "order_id": string }; Returns: Json };
      "search": {
        Args: {
          "effort"?: string;
          "embedding_model"?: string;
          "filters"?: Json;
          "include"?: (string)[];
          "kinds"?: (string)[];
          "max_results"?: number;
          "mode"?: string;
          "passages_per_result"?: number;
          "prefix"?: boolean;
          "query": string;
          "query_embedding"?: unknown;
          "syntax"?: string;
        };
        Returns: Database["public"]["CompositeTypes"]["search_answer"];
        SetofOptions: {
          from: "*";
          to: "search_answer";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "search_products": {
        Args: { "query": string };
        Returns: {
          "category_id": string;
          "created_at": string;
          "currency": string;
          "description": string;
          "id": string;
          "is_active": boolean;
          "is_in_stock": boolean;
          "language": string;
          "metadata": NonNullable<Json>;
          "name": string;
          "price": number;
          "price_cents": number;
          "scope_id": string;
          "sku": string;
          "stock": number;
          "updated_at": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "products";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "set_publishing": { Args: { "may_publish": boolean; "organization_id": string }; Returns: undefined };
      "ship_order": { Args: { "order_id": string }; Returns: Json };
      "take_over_organization": { Args: { "organization_id": string }; Returns: undefined };
    };
    Enums: {
      "document_status": "pending" | "ready" | "failed";
      "document_visibility": "private" | "organization" | "public";
      "file_status": "queued" | "reading" | "ready" | "failed";
      "interaction_kind": "view" | "cart" | "purchase";
      "invitation_status": "pending" | "accepted" | "declined" | "revoked" | "expired";
      "membership_role": "viewer" | "editor" | "admin" | "owner";
    };
    CompositeTypes: {
      "recommend_answer": {
        "recommendations": (Database["public"]["CompositeTypes"]["recommendation"])[] | null;
        "source": string | null;
      };
      "recommendation": {
        "product_id": string | null;
        "name": string | null;
        "price": number | null;
        "currency": string | null;
        "category_slug": string | null;
        "score": number | null;
        "because": Json | null;
      };
      "search_answer": {
        "results": (Database["public"]["CompositeTypes"]["search_result"])[] | null;
        "complete": boolean | null;
        "syntax": string | null;
        "corrections": (Database["public"]["CompositeTypes"]["search_correction"])[] | null;
        "more": boolean | null;
      };
      "search_correction": {
        "typed": string | null;
        "read_as": string | null;
      };
      "search_neighbour": {
        "chunk_id": number | null;
        "content": string | null;
        "heading_path": (string)[] | null;
        "page": number | null;
        "start": number | null;
        "end": number | null;
      };
      "search_passage": {
        "chunk_id": number | null;
        "content": string | null;
        "context": string | null;
        "heading_path": (string)[] | null;
        "file_id": string | null;
        "file_name": string | null;
        "page": number | null;
        "start": number | null;
        "end": number | null;
        "score": number | null;
        "highlights": (number)[] | null;
        "before": Database["public"]["CompositeTypes"]["search_neighbour"] | null;
        "after": Database["public"]["CompositeTypes"]["search_neighbour"] | null;
      };
      "search_result": {
        "kind": string | null;
        "id": string | null;
        "document_id": string | null;
        "title": string | null;
        "snippet": string | null;
        "highlights": (number)[] | null;
        "heading_path": (string)[] | null;
        "score": number | null;
        "metadata": Json | null;
        "owner": Json | null;
        "passages": (Database["public"]["CompositeTypes"]["search_passage"])[] | null;
        "content": string | null;
        "unread_by_model": string | null;
      };
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Insert: infer I;
  } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
    Update: infer U;
  } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {
      "document_status": ["pending", "ready", "failed"],
      "document_visibility": ["private", "organization", "public"],
      "file_status": ["queued", "reading", "ready", "failed"],
      "interaction_kind": ["view", "cart", "purchase"],
      "invitation_status": ["pending", "accepted", "declined", "revoked", "expired"],
      "membership_role": ["viewer", "editor", "admin", "owner"],
    },
  },
} as const;
