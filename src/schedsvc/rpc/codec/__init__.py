"""Messages of the contract to values of the domain and back: pure functions, a module per noun."""
