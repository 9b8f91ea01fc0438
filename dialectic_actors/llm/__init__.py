"""Where waiting lives: gateway, limits, providers. The only room that knows openai."""
