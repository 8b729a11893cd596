window.YTD.account.part0 = [
  {
    "account": {
      "email": "sari@contoh.example",
      "createdVia": "web",
      "username": "sari",
      "accountId": "4242",
      "createdAt": "2020-01-01T00:00:00.000Z",
      "accountDisplayName": "Sari"
    }
  }
]