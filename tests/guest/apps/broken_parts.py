import not_installed_anywhere

app = not_installed_anywhere.App()
