window.YTD.tweets.part0 = [
  {
    "tweet": {
      "retweeted": false,
      "source": "web",
      "id_str": "1900000000000000001",
      "id": "1900000000000000001",
      "full_text": "Kopi #senja https://t.co/a",
      "created_at": "Sun Mar 01 05:00:00 +0000 2026",
      "favorite_count": "12",
      "retweet_count": "3",
      "lang": "in",
      "entities": {
        "hashtags": [
          {
            "text": "senja",
            "indices": [
              "5",
              "11"
            ]
          }
        ],
        "urls": [
          {
            "expanded_url": "https://kopi.example/"
          }
        ],
        "user_mentions": []
      }
    }
  },
  {
    "tweet": {
      "retweeted": false,
      "source": "web",
      "id_str": "1900000000000000002",
      "id": "1900000000000000002",
      "full_text": "@budi siap",
      "created_at": "Sun Mar 01 05:00:00 +0000 2026",
      "favorite_count": "12",
      "retweet_count": "3",
      "lang": "in",
      "entities": {
        "hashtags": [
          {
            "text": "senja",
            "indices": [
              "5",
              "11"
            ]
          }
        ],
        "urls": [
          {
            "expanded_url": "https://kopi.example/"
          }
        ],
        "user_mentions": []
      },
      "in_reply_to_status_id_str": "1899999999999999999"
    }
  },
  {
    "tweet": {
      "retweeted": false,
      "source": "web",
      "id_str": "1900000000000000003",
      "id": "1900000000000000003",
      "full_text": "RT @budi: promo…",
      "created_at": "Sun Mar 01 05:00:00 +0000 2026",
      "favorite_count": "12",
      "retweet_count": "3",
      "lang": "in",
      "entities": {
        "hashtags": [
          {
            "text": "senja",
            "indices": [
              "5",
              "11"
            ]
          }
        ],
        "urls": [
          {
            "expanded_url": "https://kopi.example/"
          }
        ],
        "user_mentions": []
      }
    }
  },
  {
    "tweet": {
      "retweeted": false,
      "source": "web",
      "id_str": "1900000000000000004",
      "id": "1900000000000000004",
      "full_text": "waktu rusak",
      "created_at": "kemarin",
      "favorite_count": "12",
      "retweet_count": "3",
      "lang": "in",
      "entities": {
        "hashtags": [
          {
            "text": "senja",
            "indices": [
              "5",
              "11"
            ]
          }
        ],
        "urls": [
          {
            "expanded_url": "https://kopi.example/"
          }
        ],
        "user_mentions": []
      }
    }
  },
  {
    "tweet": {
      "retweeted": false,
      "source": "web",
      "id_str": "1900000000000000005",
      "id": "1900000000000000005",
      "full_text": "jumlah rusak",
      "created_at": "Sun Mar 01 05:00:00 +0000 2026",
      "favorite_count": "banyak",
      "retweet_count": "3",
      "lang": "in",
      "entities": {
        "hashtags": [
          {
            "text": "senja",
            "indices": [
              "5",
              "11"
            ]
          }
        ],
        "urls": [
          {
            "expanded_url": "https://kopi.example/"
          }
        ],
        "user_mentions": []
      },
      "bidang_baru": 1
    }
  }
]