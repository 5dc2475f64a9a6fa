"""The MCP server: the capabilities as tools for chat clients. The library is `mcp`, this `gateway.mcp`."""
