"""Who is calling: verification of Supabase's tokens."""
