"""The one adapter between Airflow and Gaung: operators, task profiles, assets and tags."""
