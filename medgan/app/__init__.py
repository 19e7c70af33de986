"""What the pages share: forms, charts, galleries, caches and the state that lies in the address."""
