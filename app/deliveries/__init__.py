"""Reports that come by themselves: made once for each month, put into an inbox or sent by e-mail."""
